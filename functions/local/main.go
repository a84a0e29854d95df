// Command local runs all functions in one process on embedded storage: the
// whole of Pyrocumulus on a laptop.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func main() {
	c := host.Config{Lookup: os.LookupEnv}
	flag.StringVar(&c.Listen, "listen", "127.0.0.1:4040", "`address` to serve on")
	flag.StringVar(&c.Data, "data", "./.pyrocumulus", "`directory` of all state")
	flag.DurationVar(&c.FlushInterval, "flush-interval", time.Second, "how long profiles are gathered before they are written")
	flag.DurationVar(&c.CompactInterval, "compact-interval", 5*time.Second, "how often blocks to merge are looked for; 0 for never")
	flag.IntVar(&c.CompactWorkers, "compact-workers", 1, "how many merges are under way at once")
	flag.DurationVar(&c.SweepInterval, "sweep-interval", time.Minute, "how often blocks are deleted that were merged or are too old; 0 for never")
	flag.IntVar(&c.Queues, "queues", 1, "how many `queues` to have, each with a drainer of its own")
	flag.Func("auth", "how the `tenant` of a request is found: none (there is one), header (X-Scope-OrgID) or token (see go run ./scripts/pyrocumulus help tokens); default: PYROCUMULUS_AUTH, or none", func(s string) (err error) {
		c.Auth, err = config.ParseAuth(s)
		return err
	})
	flag.BoolVar(&c.SelfProfile, "self-profile", true, "send the process's own profiles to itself, as service pyrocumulus")
	level := flag.String("log-level", "warn", "debug, info, warn or error; info logs every request")
	flag.Parse()
	if err := run(c, *level); err != nil {
		fmt.Fprintln(os.Stderr, "pyrocumulus:", err)
		os.Exit(1)
	}
}

func run(c host.Config, level string) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -h", flag.Arg(0))
	}
	var parsed slog.Level
	if err := parsed.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("-log-level %q: want debug, info, warn or error", level)
	}
	c.Log = telemetry.NewLogger(os.Stderr, parsed)
	c.Ready = func(url string) {
		fmt.Printf(greeting, url, c.Data, url, url)
		if cmp.Or(string(c.Auth), os.Getenv(config.EnvAuth)) == string(config.AuthToken) {
			fmt.Printf(tokenHint, c.Data)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return host.Run(ctx, c)
}

const greeting = `Pyrocumulus serves on %s, and keeps its data in %s.

Push a profile of your own (any pprof file), with this as the server's URL:
  curl --data-binary @cpu.pprof '%s/ingest?format=pprof&name=my-app'
or point a Pyroscope client at it. Then open the address in a browser, add it to
Grafana as a Pyroscope data source, or ask what it has:
  curl -s -d '{}' -H 'Content-Type: application/json' %s/querier.v1.QuerierService/ProfileTypes

`

const tokenHint = `Requests need a token, as in curl -u acme:TOKEN. Make one of the tenant acme with
  go run ./scripts/pyrocumulus tokens create -data '%s' acme

`
