package main

import (
	"io"
	"os"
	"time"
)

var kept [64][]byte

// main computes until its standard input ends. The snippet of the documentation
// is a file beside it.
func main() {
	go func() {
		for i := 0; ; i++ {
			kept[i%len(kept)] = make([]byte, 1<<16)
			spin()
			time.Sleep(5 * time.Millisecond)
		}
	}()
	_, _ = io.ReadAll(os.Stdin) // whatever ends it
}

//go:noinline
func spin() {
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
	}
}
