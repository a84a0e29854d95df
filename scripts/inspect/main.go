// Command inspect tells what is in a block.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const usage = `Usage: go run ./scripts/inspect [-data DIR | -aws] [-tenant T] [-json] [BLOCK]

Tells what is in a block: its services, how many series, stack traces, profiles
and samples each has, their time, and the total of each profile type. BLOCK is
its id; without it all blocks of the tenant (anonymous if not named) are listed,
those that another one has replaced marked with the id of that. Exit code: 0, or
2 if it failed.
`

func main() {
	stores.Main("inspect", func(ctx context.Context) (int, error) { return 0, run(ctx, os.Args[1:], os.Stdout) })
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("inspect", flag.ExitOnError)
	common := stores.Register(flags, usage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return fmt.Errorf("unexpected argument %q: name one block; see -h", flags.Arg(1))
	}
	deps, done, err := common.Open(ctx)
	if err != nil {
		return err
	}
	defer done()
	tenant := profile.TenantID(cmp.Or(common.Tenant, string(profile.AnonymousTenant)))
	if flags.NArg() == 0 {
		return list(ctx, deps, tenant, common.JSON, out)
	}
	m, err := recovery.Describe(ctx, deps.Store, tenant, flags.Arg(0))
	if err != nil {
		return err
	}
	b, err := recovery.Inspect(ctx, deps.Store, m)
	if err != nil {
		return err
	}
	if common.JSON {
		return json.NewEncoder(out).Encode(b)
	}
	return show(b, out)
}

func list(ctx context.Context, d recovery.Deps, tenant profile.TenantID, asJSON bool, out io.Writer) error {
	blocks, err := recovery.List(ctx, d, tenant)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(out).Encode(blocks)
	}
	if len(blocks) == 0 {
		return fmt.Errorf("tenant %s has no blocks; name another with -tenant", tenant)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BLOCK\tLEVEL\tFROM\tTO\tPROFILES\tBYTES\tSERVICES\tREPLACED BY") // errors come with Flush
	for _, b := range blocks {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%d\t%d\t%d\t%s\n", b.ID, b.Level, b.From.Format(time.RFC3339), b.To.Format(time.RFC3339),
			b.Profiles, b.Bytes, b.Services, b.ReplacedBy)
	}
	return table.Flush()
}

func show(b recovery.Block, out io.Writer) error {
	_, err := fmt.Fprintf(out, "block     %s of tenant %s, level %d, of %d sources\ntime      %s to %s\nsize      %d bytes, %d profiles, %d samples\n",
		b.ID, b.Tenant, b.Level, len(b.Sources), b.From.Format(time.RFC3339Nano), b.To.Format(time.RFC3339Nano), b.Bytes, b.Profiles, b.Samples)
	errs := []error{err}
	for _, d := range b.Datasets {
		_, err := fmt.Fprintf(out, "\nservice   %s: %d series, %d stack traces, %d locations, %d profiles, %d samples\n          %s to %s\n",
			d.Service, d.Series, d.Stacks, d.Locations, d.Profiles, d.Samples, d.From.Format(time.RFC3339Nano), d.To.Format(time.RFC3339Nano))
		errs = append(errs, err)
		for _, t := range d.Types {
			_, err := fmt.Fprintf(out, "          %s: %d profiles, total %d\n", t.Type, t.Profiles, t.Total)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
