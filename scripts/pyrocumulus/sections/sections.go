// Package sections is the command that takes apart what a tenant has stored: it
// writes the sections of each of its blocks as Parquet files, and SQL that lets
// DuckDB see all blocks as one database.
package sections

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/progress"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/stores"
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const help = `The files are DIR/<object>/<section>.parquet, where <object> is the id of the block
and, if the block was merged, the name of one of its volumes; shared/block/FORMAT.md
describes their columns. Ids in them count from 0 in each object, so sections are
joined within one; the views of DIR/views.sql have ids that are unique over all of
them. The local host may run meanwhile.`

// Command writes sections.
func Command() *command.Command {
	return &command.Command{
		Name: "sections", Args: "-out DIR", Short: "write the stored profiles as Parquet files for SQL", Long: help,
		Examples: []string{"sections -out /tmp/blocks", "sections -bucket BUCKET -tenant acme -out /tmp/blocks"},
		JSON: `{"directory": "/tmp/blocks", "views": "/tmp/blocks/views.sql", "blocks": [
 {"id": "01J00000000000000000000001", "level": 1, "from": "2026-01-02T15:00:00Z", "to": "2026-01-02T15:00:10Z",
  "profiles": 12, "samples": 120, "bytes": 3456, "directories": ["/tmp/blocks/01J00000000000000000000001"]}]}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s := stores.Register(env, flags, string(profile.AnonymousTenant))
			out := flags.String("out", "", "`directory` to write to; it is made")
			return command.Action{Run: func(ctx context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				return run(ctx, env, s, *out)
			}}
		},
	}
}

func run(ctx context.Context, env *command.Env, s *stores.Flags, out string) error {
	switch {
	case out == "":
		return command.Usagef("name a directory to write to with -out")
	case s.Tenant() == "":
		return command.Usagef("name the tenant with -tenant")
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("find -out: %w", err)
	}
	store, done, err := s.OpenObjects(ctx)
	if err != nil {
		return err
	}
	defer done()
	metas, err := currentBlocks(ctx, store, s.Tenant(), s.Report)
	if err != nil {
		return err
	}
	if len(metas) == 0 {
		return fmt.Errorf("tenant %s has no blocks (yet: profiles are written after a second or so); name another with -tenant", s.Tenant())
	}
	if err := writeAll(ctx, store, metas, out, s.Report); err != nil {
		return err
	}
	views := filepath.Join(out, "views.sql")
	if err := os.WriteFile(views, []byte(viewsSQL(out, metas)), 0o644); err != nil {
		return fmt.Errorf("write views: %w", err)
	}
	s.Report.End()
	if *s.JSON {
		return env.JSON(written(out, views, metas))
	}
	report(env.Stdout, out, views, metas)
	return nil
}

// writeAll writes all objects of blocks.
func writeAll(ctx context.Context, store objstore.Reader, metas []*block.Meta, out string, told *progress.Reporter) error {
	var keys []string
	for _, m := range metas {
		keys = append(keys, m.Keys()...)
	}
	for i, key := range keys {
		told.Update("objects written", i, len(keys))
		if err := write(ctx, store, key, filepath.Join(out, path.Base(key))); err != nil {
			return err
		}
	}
	return nil
}

// currentBlocks returns the blocks of the tenant that no other block replaces, in
// the order of their ids.
func currentBlocks(ctx context.Context, store stores.Objects, tenant profile.TenantID, told *progress.Reporter) ([]*block.Meta, error) {
	var all []*block.Meta
	replaced, known := make(map[string]bool), make(map[string]bool)
	read := 0
	for after := ""; ; {
		page, err := store.List(ctx, block.Prefix(tenant), after, objstore.MaxListKeys)
		if err != nil {
			return nil, fmt.Errorf("list blocks: %w", err)
		}
		for _, info := range page {
			told.Update("objects looked at", read, 0)
			read++
			m, err := describe(ctx, store, info)
			if errors.Is(err, objstore.ErrNotExist) {
				continue // swept since it was listed, as others replace it
			}
			if err != nil {
				return nil, fmt.Errorf("read block %s: %w", info.Key, err)
			}
			if !m.Complete || known[m.ID] {
				// A volume before the last one, or the block was written
				// twice, in other bytes.
				continue
			}
			known[m.ID] = true
			all = append(all, m)
			for _, id := range m.Sources {
				replaced[id] = true
			}
		}
		if len(page) < objstore.MaxListKeys {
			break
		}
		after = page[len(page)-1].Key
	}
	var out []*block.Meta
	for _, m := range all {
		if !replaced[m.ID] {
			out = append(out, m)
		}
	}
	return out, nil
}

// tailBytes is how much of the end of an object is read at first.
const tailBytes = 16 << 10

// describe reads the description at the end of an object.
func describe(ctx context.Context, store objstore.Reader, info objstore.Info) (*block.Meta, error) {
	for n := min(int64(tailBytes), info.Size); ; {
		tail, err := store.GetRange(ctx, info.Key, info.Size-n, n)
		if err != nil {
			return nil, err
		}
		m, need, err := block.ParseTail(tail)
		if err != nil {
			return nil, err
		}
		if m != nil {
			return m, m.SetKey(info.Key)
		}
		if int64(need) <= n || int64(need) > info.Size {
			return nil, fmt.Errorf("%w: no description", block.ErrCorrupt)
		}
		n = int64(need)
	}
}

// write writes the sections of an object as files in dir.
func write(ctx context.Context, store objstore.Reader, key, dir string) error {
	object, err := store.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("read block: %w", err)
	}
	files, _, err := block.Files(object)
	if err != nil {
		return fmt.Errorf("read block %s: %w", key, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory of block: %w", err)
	}
	for section, body := range files {
		if err := os.WriteFile(filepath.Join(dir, section.String()+".parquet"), body, 0o644); err != nil {
			return fmt.Errorf("write section: %w", err)
		}
	}
	return nil
}
