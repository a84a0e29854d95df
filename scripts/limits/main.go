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
	"path/filepath"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
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
	store, err := open(ctx, *data, *table)
	if err != nil {
		return err
	}
	return call.run(ctx, store, out)
}

// open opens the record store of a deployment.
func open(ctx context.Context, data, table string) (records.Store, error) {
	if table != "" {
		cfg, err := sdkconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
		}
		return dynamorecords.New(dynamodb.NewFromConfig(cfg), table, dynamorecords.Options{}), nil
	}
	path := filepath.Join(data, host.RecordsFile)
	if _, err := os.Stat(path); err != nil { // which Open would make
		return nil, fmt.Errorf("%s holds no data of the local host: name another directory with -data, or a DynamoDB table with -table", data)
	}
	return boltrecords.Open(path, boltrecords.Options{})
}
