// Package verify is the command that compares the block index with the objects.
package verify

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const help = `Compares each row of the index with the description at the end of its object, and
looks for objects without a row. With -deep it reads all of every block, too, and
compares all checksums. Nothing is written. The exit code is 1 if there are
problems. What they are called:

  missing     a row's object is not there: queries fail. Restore the object, or
              delete the row
  unreadable  a row does not describe its block. Delete the row and run reindex
  differs     a row says other things of its block than the object
  damaged     bytes of an object are not what was written
  doubled     two rows replace the same block: its profiles count twice
  orphan      an object that should have been collected has no row. Is the sweep
              function running? If the row was lost, run reindex
  foreign     an object among the blocks is none`

// Command compares index and objects.
func Command() *command.Command {
	return &command.Command{
		Name: "verify", Short: "check the index against the objects", Long: help,
		Examples: []string{"verify -deep", "verify -bucket BUCKET -table TABLE -tenant acme", "verify -aws -json"},
		JSON: `{"tenants": 1, "rows": 12, "objects": 12, "young": 0, "bytes": 123456, "problems": [
 {"kind": "missing", "tenant": "acme", "block": "01J00000000000000000000001", "detail": "no object acme/blocks/01J00000000000000000000001"}]}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s := stores.RegisterIndex(env, flags, "")
			deep := flags.Bool("deep", false, "read all of every block")
			young := flags.Duration("young", 2*time.Hour, "how old an object without a row may be: the sweep collects them after an hour or two")
			return command.Action{Run: func(ctx context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				deps, done, err := s.Open(ctx)
				if err != nil {
					return err
				}
				defer done()
				v, err := recovery.Verify(ctx, deps, recovery.VerifyOptions{Tenant: s.Tenant(), Deep: *deep, Young: *young})
				if err != nil {
					return err
				}
				s.Report.End()
				return tell(env, v, *s.JSON)
			}}
		},
	}
}

// tell prints what was found; problems are an error.
func tell(env *command.Env, v recovery.Verified, asJSON bool) error {
	if asJSON {
		if err := env.JSON(v); err != nil {
			return err
		}
	} else {
		for _, p := range v.Problems {
			fmt.Fprintf(env.Stdout, "%s: %s/%s: %s\n", p.Kind, p.Tenant, p.Block, p.Detail)
		}
		fmt.Fprintf(env.Stdout, "%d tenants, %d rows, %d objects of %d bytes, %d of them on their way; %d problems\n",
			v.Tenants, v.Rows, v.Objects, v.Bytes, v.Young, len(v.Problems))
	}
	if n := len(v.Problems); n > 0 {
		return fmt.Errorf("there are problems (%d); `pyrocumulus help verify` says what they mean and what to do", n)
	}
	return nil
}
