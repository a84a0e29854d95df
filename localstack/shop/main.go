// Command shop is a program to be profiled: a web shop that is busy by itself and
// tells its profiles at /debug/pprof. docker-compose.yml has Alloy scrape it.
package main

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	_ "net/http/pprof" //nolint: what is shown are its handlers
	"os"
	"slices"
	"sync"
	"time"
)

func main() {
	go func() {
		for i := 0; ; i++ {
			checkout(i)
			search(i)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	slog.Info("shop is open", "address", ":8080")
	if err := http.ListenAndServe(":8080", nil); err != nil {
		slog.Error("serve", "error", err)
		os.Exit(1)
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
