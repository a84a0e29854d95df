// Command cost computes what a fleet costs in a month on AWS, service by
// service, from list prices and from what this code was measured to need, next
// to Grafana Pyroscope on Fargate by its sizing guide.
//
// Usage: go run ./scripts/cost -pods 200 [flags]
//
// It is arithmetic, not an offer: prices.go and bill.go name each price, each
// measured figure and each assumption.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("cost", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var f Fleet
	d := defaultDeployment()
	flags.IntVar(&f.Pods, "pods", 200, "processes that are profiled")
	flags.IntVar(&f.Services, "services", 20, "services that they belong to")
	flags.DurationVar(&f.Interval, "interval", 15*time.Second, "time between the profiles of one kind of a pod")
	flags.IntVar(&f.Types, "types", 5, "kinds of profiles that a pod sends: CPU, heap, goroutines, ...")
	flags.IntVar(&f.Pack, "pack", 1, "profiles in one HTTP request; stock SDKs and Alloy send one")
	flags.IntVar(&f.Bytes, "bytes", 15800, "bytes of a profile, gzip")
	flags.IntVar(&f.Queries, "queries", 2000, "queries a day")
	flags.DurationVar(&f.Range, "range", 6*time.Hour, "time that a query covers")
	flags.IntVar(&f.Days, "retention", 31, "days that profiles are kept")
	flags.BoolVar(&d.FunctionURL, "function-url", false, "a Lambda function URL in front instead of an HTTP API")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not a flag; see -help", flags.Arg(0))
	}
	if err := f.validate(); err != nil {
		return err
	}
	c := compare(listPrices(), f, d)
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(c)
	}
	return c.print(stdout)
}
