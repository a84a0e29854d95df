// Command reindex rebuilds the block index from the objects, or adds what it
// lacks.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/pyrocumulus/pyrocumulus/scripts/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const usage = `Usage: go run ./scripts/reindex [-data DIR | -aws] [-tenant T] [-n] [-json]

Gives every block in the object store that has no row in the index one. Rows that
are there stay as they are, so that it can be run again, and on AWS beside
everything else. To rebuild a whole index, begin with an empty one: on AWS a new
table, locally without index.bolt.

It lists the store and reads the end of each block. Exit code: 0, or 2 if it
failed; what it did until then stays.
`

func main() {
	stores.Main("reindex", func(ctx context.Context) (int, error) { return 0, run(ctx, os.Args[1:], os.Stdout) })
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("reindex", flag.ExitOnError)
	common := stores.Register(flags, usage)
	dry := flags.Bool("n", false, "write nothing, only say what would be done")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))
	}
	deps, done, err := common.Open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r, err := recovery.Reindex(ctx, deps, profile.TenantID(common.Tenant), *dry)
	if err != nil {
		return fmt.Errorf("after %d rows: %w", r.Rows, err)
	}
	if common.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	verb := "got one"
	if *dry {
		verb = "would get one"
	}
	fmt.Fprintf(out, "%d tenants, %d blocks: %d had a row, %d %s\n", r.Tenants, r.Blocks, r.There, r.Rows, verb)
	for _, key := range r.LeftOut {
		fmt.Fprintf(out, "left out, as another block has its profiles: %s\n", key)
	}
	for _, key := range r.Foreign {
		fmt.Fprintf(out, "no block: %s\n", key)
	}
	return nil
}
