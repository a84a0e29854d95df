// Package inspect is the command that tells what is in blocks.
package inspect

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const help = `Without BLOCK it lists all blocks of the tenant; those that another one has replaced
have the id of that. With ids of blocks, or with -all, it tells what is in each: its
services, how many series, stack traces, profiles and samples each has, their time,
and the total of each profile type. -json prints a list as the first below, or of what
is in blocks as the second.`

const (
	listJSON = `[{"id": "01J00000000000000000000001", "level": 0, "from": "2026-01-02T15:00:00Z", "to": "2026-01-02T15:00:10Z",
 "profiles": 12, "bytes": 3456, "services": 1, "replacedBy": "01J00000000000000000000002"}]`
	blockJSON = `[{"tenant": "acme", "id": "01J00000000000000000000002", "level": 1, "sources": ["01J00000000000000000000001"],
 "from": "2026-01-02T15:00:00Z", "to": "2026-01-02T15:00:10Z", "bytes": 3456, "profiles": 12, "samples": 120,
 "datasets": [{"service": "shop", "series": 2, "stacks": 30, "locations": 40, "profiles": 12, "samples": 120,
  "from": "2026-01-02T15:00:00Z", "to": "2026-01-02T15:00:10Z",
  "types": [{"type": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "profiles": 12, "total": 1000}]}]}]`
)

// Command tells of blocks.
func Command() *command.Command {
	return &command.Command{
		Name: "inspect", Args: "[BLOCK...]", Short: "list blocks, or show what is in some", Long: help,
		Examples: []string{"inspect", "inspect 01J00000000000000000000001", "inspect -bucket BUCKET -table TABLE -tenant acme -all -json"},
		JSON:     listJSON + "\n\n" + blockJSON,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s := stores.RegisterIndex(env, flags, string(profile.AnonymousTenant))
			all := flags.Bool("all", false, "show what is in each block that no other has replaced")
			return command.Action{
				Run: func(ctx context.Context, args []string) error { return run(ctx, env, s, *all, args) },
				Complete: func(ctx context.Context, name string, _ []string) []string {
					if name != "" {
						return nil
					}
					return ids(ctx, s)
				},
			}
		},
	}
}

func run(ctx context.Context, env *command.Env, s *stores.Flags, all bool, args []string) error {
	if all && len(args) > 0 {
		return command.Usagef("-all is all blocks: do not name %q as well", args[0])
	}
	deps, done, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer done()
	tenant := cmp.Or(s.Tenant(), profile.AnonymousTenant)
	if len(args) == 0 {
		blocks, err := recovery.List(ctx, deps, tenant)
		switch {
		case err != nil:
			return err
		case len(blocks) == 0:
			return fmt.Errorf("tenant %s has no blocks; name another with -tenant", tenant)
		case !all && *s.JSON:
			return env.JSON(blocks)
		case !all:
			return printList(env.Stdout, blocks)
		}
		args = current(blocks)
	}
	found, err := inspect(ctx, deps, s, tenant, args)
	if err != nil {
		return err
	}
	s.Report.End()
	if *s.JSON {
		return env.JSON(found)
	}
	for i, b := range found {
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if err := show(b, env.Stdout); err != nil {
			return err
		}
	}
	return nil
}

// current lists the blocks that no other has replaced.
func current(blocks []recovery.Listed) (ids []string) {
	for _, b := range blocks {
		if b.ReplacedBy == "" {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

func inspect(ctx context.Context, deps recovery.Deps, s *stores.Flags, tenant profile.TenantID, ids []string) ([]recovery.Block, error) {
	found := make([]recovery.Block, 0, len(ids))
	for i, id := range ids {
		s.Report.Update("blocks of "+string(tenant), i, len(ids))
		m, err := recovery.Describe(ctx, deps.Store, tenant, id)
		if err != nil {
			return nil, err
		}
		b, err := recovery.Inspect(ctx, deps.Store, m)
		if err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

// ids lists blocks, for completion.
func ids(ctx context.Context, s *stores.Flags) []string {
	*s.JSON = true // nothing is told
	deps, done, err := s.Open(ctx)
	if err != nil {
		return nil
	}
	defer done()
	blocks, err := recovery.List(ctx, deps, cmp.Or(s.Tenant(), profile.AnonymousTenant))
	if err != nil {
		return nil
	}
	var out []string
	for _, b := range blocks {
		out = append(out, b.ID)
	}
	return out
}

func printList(out io.Writer, blocks []recovery.Listed) error {
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
