// Command limits shows and changes the limits of single tenants; -h says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/pyrocumulus/pyrocumulus/scripts/recordstore"
)

const usage = `Show and change the limits of single tenants:

	limits [-data DIR | -table NAME] list TENANT
	limits [-data DIR | -table NAME] get TENANT LIMIT
	limits [-data DIR | -table NAME] set TENANT LIMIT=VALUE...
	limits [-data DIR | -table NAME] unset TENANT LIMIT...

For example

	go run ./scripts/limits set acme ingestion_rate=16MiB reject_older_than=6h
	go run ./scripts/limits set acme relabel_rules=@rules.json sampling='{"shop": 0.1}'

@ reads the value from a file. Rules are a JSON list with the names and actions of
Prometheus' relabel_config. Limits are in force a minute later, everywhere. "list" names all of them. Without
multitenancy the tenant is "anonymous". The local host may run meanwhile.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("limits", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	data := flags.String("data", "./.pyrocumulus", "data `directory` of the local host")
	table := flags.String("table", "", "`name` of the DynamoDB table of the record store; region and credentials are the environment's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	call, err := parse(flags.Args())
	if err != nil {
		return err
	}
	store, err := recordstore.Open(ctx, *data, *table)
	if err != nil {
		return err
	}
	return call.run(ctx, store, out)
}
