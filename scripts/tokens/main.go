// Command tokens makes, lists, rotates and revokes the tokens of tenants; -h
// says how.
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
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

const usage = `Make, list, rotate and revoke the tokens by which clients push and query:

	tokens create [-scopes ingest,query] [-name NAME] [-expires 2160h] [-reads TENANT,...] TENANT
	tokens list TENANT
	tokens rotate [-grace 24h] TENANT ID
	tokens revoke TENANT ID

each with -data DIR or -table NAME for where the tokens are, and -json for an
answer in JSON. For example

	go run ./scripts/tokens create -scopes ingest -name 'cluster eu-1' acme

prints a token, this once. Clients send it as the password of the user acme
(Basic) or as a Bearer token. Scopes: ingest to push, query to read, admin for
paths below /admin/. With -reads queries may name other tenants, too, as in
"X-Scope-OrgID: acme|globex"; anybody else's X-Scope-OrgID is ignored.

"rotate" gives a token another secret; for the grace time the one before is
valid as well. What is revoked ends within a minute. The local host may run
meanwhile; it asks for tokens if it was started with -auth token.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, time.Now); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tokens:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer, now func() time.Time) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	store, err := recordstore.Open(ctx, c.data, c.table)
	if err != nil {
		return err
	}
	return c.run(ctx, token.Admin{Store: store, Now: now}, out)
}

// flags are those of a verb.
func (c *call) flags() *flag.FlagSet {
	f := flag.NewFlagSet("tokens "+c.verb, flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage)
		f.PrintDefaults()
	}
	f.StringVar(&c.data, "data", "./.pyrocumulus", "data `directory` of the local host")
	f.StringVar(&c.table, "table", os.Getenv(config.EnvRecords),
		"`name` of the DynamoDB table of the record store (default: "+config.EnvRecords+" of the environment); region and credentials are the environment's")
	f.BoolVar(&c.json, "json", false, "answer in JSON")
	switch c.verb {
	case "create":
		f.StringVar(&c.name, "name", "", "what the token is called in lists")
		f.StringVar(&c.scopes, "scopes", "ingest,query", "what the token allows: `scopes` with commas between them")
		f.StringVar(&c.reads, "reads", "", "other `tenants` that queries may name, with commas between them")
		f.DurationVar(&c.expires, "expires", 0, "how long the token is valid; 0 for ever")
	case "rotate":
		f.DurationVar(&c.grace, "grace", 24*time.Hour, "how long the secret before stays valid; 0: it ends now")
	}
	return f
}
