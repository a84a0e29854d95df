// Command verify compares the block index with the objects.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const usage = `Usage: go run ./scripts/verify [-data DIR | -aws] [-tenant T] [-deep] [-json]

Compares each row of the index with the description at the end of its object, and
looks for objects without a row. With -deep it reads all of every block, too, and
compares all checksums. Nothing is written. Exit code: 0 if all is well, 1 if
there are problems, 2 if it failed. What problems are called:

  missing     a row's object is not there: queries fail. Restore the object, or
              delete the row
  unreadable  a row does not describe its block. Delete the row and run reindex
  differs     a row says other things of its block than the object
  damaged     bytes of an object are not what was written
  doubled     two rows replace the same block: its profiles count twice
  orphan      an object that should have been collected has no row. Is the sweep
              function running? If the row was lost, run reindex
  foreign     an object among the blocks is none
`

func main() {
	stores.Main("verify", func(ctx context.Context) (int, error) { return run(ctx, os.Args[1:], os.Stdout) })
}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	flags := flag.NewFlagSet("verify", flag.ExitOnError)
	common := stores.Register(flags, usage)
	deep := flags.Bool("deep", false, "read all of every block")
	young := flags.Duration("young", 2*time.Hour, "how old an object without a row may be: the sweep collects them after an hour or two")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	if flags.NArg() > 0 {
		return 0, fmt.Errorf("unexpected argument %q; see -h", flags.Arg(0))
	}
	deps, done, err := common.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	v, err := recovery.Verify(ctx, deps, recovery.VerifyOptions{Tenant: profile.TenantID(common.Tenant), Deep: *deep, Young: *young})
	if err != nil {
		return 0, err
	}
	code := min(len(v.Problems), 1)
	if common.JSON {
		return code, json.NewEncoder(out).Encode(v)
	}
	for _, p := range v.Problems {
		fmt.Fprintf(out, "%s: %s/%s: %s\n", p.Kind, p.Tenant, p.Block, p.Detail)
	}
	fmt.Fprintf(out, "%d tenants, %d rows, %d objects of %d bytes, %d of them on their way; %d problems\n",
		v.Tenants, v.Rows, v.Objects, v.Bytes, v.Young, len(v.Problems))
	return code, nil
}
