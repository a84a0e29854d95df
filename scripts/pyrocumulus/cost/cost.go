// Package cost is the command that computes what a fleet costs in a month on AWS,
// service by service, from list prices and from what this code was measured to
// need, next to Grafana Pyroscope on Fargate by its sizing guide.
//
// It is arithmetic, not an offer: prices.go and bill.go name each price, each
// measured figure and each assumption.
package cost

import (
	"context"
	"flag"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

const help = `It is arithmetic from list prices and from the CPU, bytes and requests that this code
was measured to need, not an offer; next to it stands Grafana Pyroscope on Fargate by
its sizing guide.`

// Command computes a bill.
func Command() *command.Command {
	return &command.Command{
		Name: "cost", Short: "compute the bill of a month on AWS", Long: help,
		Examples: []string{"cost -pods 200", "cost -pods 5000 -services 200 -pack 100 -function-url -json"},
		JSON: `{"fleet": {"services": 20, "pods": 200, "intervalSeconds": 15, "types": 5, "pack": 1, "bytes": 15800,
  "queriesPerDay": 2000, "rangeSeconds": 21600, "retentionDays": 31},
 "pyrocumulus": {"lines": [{"name": "SQS FIFO", "usd": 1.5, "basis": "9 M requests of 64 KB"}], "totalUsd": 1.5},
 "levers": [{"name": "a function URL instead of the HTTP API", "totalUsd": 1.5}],
 "pyroscopeSize": "2 vCPU", "pyroscope": {"lines": [{"name": "Fargate", "usd": 1.5, "basis": "2 vCPU"}], "totalUsd": 1.5}}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			f, d := fleetFlags(flags), defaultDeployment()
			flags.BoolVar(&d.FunctionURL, "function-url", false, "a Lambda function URL in front instead of an HTTP API")
			asJSON := command.JSONFlag(flags)
			return command.Action{Run: func(_ context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				if err := f.validate(); err != nil {
					return command.Usage(err)
				}
				c := compare(listPrices(), *f, d)
				if *asJSON {
					return env.JSON(c)
				}
				return c.print(env.Stdout)
			}}
		},
	}
}

func fleetFlags(flags *flag.FlagSet) *Fleet {
	f := &Fleet{}
	flags.IntVar(&f.Pods, "pods", 200, "processes that are profiled")
	flags.IntVar(&f.Services, "services", 20, "services that they belong to")
	flags.DurationVar(&f.Interval, "interval", 15*time.Second, "time between the profiles of one kind of a pod")
	flags.IntVar(&f.Types, "types", 5, "kinds of profiles that a pod sends: CPU, heap, goroutines, ...")
	flags.IntVar(&f.Pack, "pack", 1, "profiles in one HTTP request; stock SDKs and Alloy send one")
	flags.IntVar(&f.Bytes, "bytes", 15800, "bytes of a profile, gzip")
	flags.IntVar(&f.Queries, "queries", 2000, "queries a day")
	flags.DurationVar(&f.Range, "range", 6*time.Hour, "time that a query covers")
	flags.IntVar(&f.Days, "retention", 31, "days that profiles are kept")
	return f
}
