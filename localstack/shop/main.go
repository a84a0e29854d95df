// Command shop is a program to be profiled: a web shop that is busy by itself and
// tells its profiles at /debug/pprof, where localstack/alloy/scrape.alloy asks for
// them.
//
//	go run ./localstack/shop -listen 127.0.0.1:8080
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	_ "net/http/pprof" //nolint: what is shown are its handlers
	"os"
	"runtime"
	"slices"
	"sync"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to tell the profiles at")
	flag.Parse()
	// Go records no waiting unless it is told to: profiles of mutexes and of
	// blocking would be empty.
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	for customer := range 2 {
		go buy(customer)
	}
	slog.Info("shop is open", "address", *listen)
	if err := http.ListenAndServe(*listen, nil); err != nil {
		slog.Error("serve", "error", err)
		os.Exit(1)
	}
}

// buy goes on for as long as the shop is open.
func buy(customer int) {
	for i := customer; ; i++ {
		checkout(i)
		search(i)
		time.Sleep(20 * time.Millisecond)
	}
}

// stock is what all goods share, for profiles of waiting.
var stock sync.Mutex

// checkout takes CPU time, and makes others wait.
func checkout(order int) {
	stock.Lock()
	defer stock.Unlock()
	sum := sha256.Sum256([]byte(fmt.Sprint(order)))
	for range 2000 {
		sum = sha256.Sum256(sum[:])
	}
}

// search takes memory.
func search(word int) {
	goods := make([]int, 20000)
	for i := range goods {
		goods[i] = (i * word) % 7919
	}
	slices.Sort(goods)
}
