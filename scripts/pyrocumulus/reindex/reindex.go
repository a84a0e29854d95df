// Package reindex is the command that rebuilds the block index from the objects,
// or adds what it lacks.
package reindex

import (
	"context"
	"flag"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const help = `Gives every block in the object store that has no row in the index one. Rows that
are there stay as they are, so that it can be run again, and on AWS beside
everything else. To rebuild a whole index, begin with an empty one: on AWS a new
table, locally without index.bolt.

It lists the store and reads the end of each block. What it did until it failed
stays.`

// Command rebuilds the index.
func Command() *command.Command {
	return &command.Command{
		Name: "reindex", Short: "rebuild the index from the objects", Long: help,
		Examples: []string{"reindex -dry-run", "reindex -bucket BUCKET -table TABLE", "reindex -aws -json"},
		JSON:     `{"tenants": 1, "blocks": 12, "there": 10, "rows": 2, "leftOut": ["acme/blocks/01J00000000000000000000001"], "foreign": ["acme/blocks/x"]}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s := stores.RegisterIndex(env, flags, "")
			dry := flags.Bool("dry-run", false, "write nothing, only say what would be done")
			return command.Action{Run: func(ctx context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				deps, done, err := s.Open(ctx)
				if err != nil {
					return err
				}
				defer done()
				r, err := recovery.Reindex(ctx, deps, s.Tenant(), *dry)
				if err != nil {
					return fmt.Errorf("after %d rows: %w; run it again to go on", r.Rows, err)
				}
				s.Report.End()
				if *s.JSON {
					return env.JSON(r)
				}
				tell(env, r, *dry)
				return nil
			}}
		},
	}
}

func tell(env *command.Env, r recovery.Reindexed, dry bool) {
	verb := "got one"
	if dry {
		verb = "would get one"
	}
	fmt.Fprintf(env.Stdout, "%d tenants, %d blocks: %d had a row, %d %s\n", r.Tenants, r.Blocks, r.There, r.Rows, verb)
	for _, key := range r.LeftOut {
		fmt.Fprintf(env.Stdout, "left out, as another block has its profiles: %s\n", key)
	}
	for _, key := range r.Foreign {
		fmt.Fprintf(env.Stdout, "no block: %s\n", key)
	}
}
