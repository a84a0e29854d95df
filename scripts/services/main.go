// Command services deletes services and says how long profiles are kept; -h says
// how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/recordstore"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

const usage = `Delete services of a tenant, and say how long its profiles are kept:

	services [-data DIR | -table NAME] list TENANT
	services [-data DIR | -table NAME] delete TENANT SERVICE
	services [-data DIR | -table NAME] keep TENANT [SERVICE] DURATION
	services [-data DIR | -table NAME] unkeep TENANT [SERVICE]

For example

	go run ./scripts/services delete acme checkout
	go run ./scripts/services keep acme audit 8760h

"delete" makes all profiles of a service until now disappear from answers at
once, and from storage within two days; it cannot be taken back. Profiles with a
later time are kept as before. "keep" sets how long profiles are kept, by their
time: of one service, or of all others of the tenant; 0 is for ever. What has
expired does not come back when it is made longer. Without multitenancy the
tenant is "anonymous". The local host may run meanwhile.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, time.Now); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "services:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer, now func() time.Time) error {
	flags := flag.NewFlagSet("services", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	data := flags.String("data", "./.pyrocumulus", "data `directory` of the local host")
	table := flags.String("table", os.Getenv(config.EnvRecords),
		"`name` of the DynamoDB table of the record store (default: "+config.EnvRecords+" of the environment); region and credentials are the environment's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := parse(flags.Args())
	if err != nil {
		return err
	}
	settings, err := config.LoadSweep(os.LookupEnv)
	if err != nil {
		return err
	}
	store, err := recordstore.Open(ctx, *data, *table)
	if err != nil {
		return err
	}
	return c.run(ctx, retention.Admin{Store: store, Default: settings.Retention, Now: now}, out)
}
