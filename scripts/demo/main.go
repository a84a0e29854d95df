// Command demo sends profiles of real programs to a running Pyrocumulus, waits
// until they can be queried, prints a flame graph, and tells how to ask for
// more. Run again, it sends them anew.
//
// Usage: go run ./scripts/demo [-url http://127.0.0.1:4040] [-tenant acme]
//
// To a server that wants a token it sends that of PYROCUMULUS_TOKEN, which is no
// flag so that the list of processes does not show it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// timeLimit is how long all of it may take, also against functions on AWS
// that have to start first.
const timeLimit = 2 * time.Minute

// tokenVariable is the environment variable of the token.
const tokenVariable = "PYROCUMULUS_TOKEN"

func main() {
	url := flag.String("url", "http://127.0.0.1:4040", "base `URL` of the server")
	tenant := flag.String("tenant", "", "`tenant` to send as X-Scope-OrgID; for servers that believe it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *url, caller{*tenant, os.Getenv(tokenVariable)}, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run sends the profiles as if the last had been taken now.
func run(ctx context.Context, out io.Writer, url string, c caller, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	s := newServer(strings.TrimRight(url, "/"), c)
	recorded, err := load()
	if err != nil {
		return err
	}
	sent := make(totals)
	for i := range rounds {
		at := now.Add(-time.Duration(rounds-1-i) * interval)
		batch, err := round(recorded, i, at)
		if err != nil {
			return err
		}
		if err := s.push(ctx, batch); err != nil {
			return err
		}
		sent.add(recorded)
	}
	fmt.Fprintf(out, "Sent %d profiles of %d services to %s.\n", rounds*len(recorded), len(sent.services()), s.url)
	w := window{from: now.Add(-rounds * interval), to: now.Add(time.Minute)}
	if err := s.await(ctx, w, sent); err != nil {
		return err
	}
	fmt.Fprintf(out, "They can be queried:\n\n")
	sent.print(out)
	tree, err := s.flameGraph(ctx, w, shown())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nCPU time of %s, in nanoseconds:\n\n%s\n", shown().service, tree.Text(textWidth))
	s.printHints(out, w)
	return nil
}
