// Command sections takes apart what a tenant has stored: it writes the sections
// of each of its blocks as Parquet files, and SQL that lets DuckDB see all
// blocks as one database. `make run` may go on meanwhile.
//
// Usage: go run ./scripts/sections [-data ./.pyrocumulus] [-tenant anonymous] -out DIR
//
// The files are DIR/<object>/<section>.parquet, where <object> is the id of the
// block and, if the block was merged, the name of one of its volumes;
// shared/block/FORMAT.md describes their columns. Ids in them count from 0 in
// each object, so sections are joined within one; the views of DIR/views.sql
// have ids that are unique over all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func main() {
	data := flag.String("data", "./.pyrocumulus", "data `directory` of the local host")
	out := flag.String("out", "", "`directory` to write to; it is made")
	tenant := flag.String("tenant", string(profile.AnonymousTenant), "`tenant` whose blocks to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *data, *out, profile.TenantID(*tenant)); err != nil {
		fmt.Fprintln(os.Stderr, "sections:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, data, out string, tenant profile.TenantID) error {
	if out == "" {
		return errors.New("name a directory to write to with -out")
	}
	if err := tenant.Validate(); err != nil {
		return fmt.Errorf("-tenant %q: %w", tenant, err)
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("find -out: %w", err)
	}
	objects := filepath.Join(data, "objects")
	if _, err := os.Stat(objects); err != nil { // which Open would make
		return fmt.Errorf("%s holds no data of the local host; name another directory with -data", data)
	}
	store, err := filestore.Open(objects)
	if err != nil {
		return fmt.Errorf("open data: %w", err)
	}
	defer store.Close()
	metas, err := currentBlocks(ctx, store, tenant)
	if err != nil {
		return err
	}
	if len(metas) == 0 {
		return fmt.Errorf("tenant %s has no blocks in %s (yet: profiles are written after a second or so)", tenant, data)
	}
	for _, m := range metas {
		for _, key := range m.Keys() {
			if err := write(ctx, store, key, filepath.Join(out, path.Base(key))); err != nil {
				return err
			}
		}
	}
	views := filepath.Join(out, "views.sql")
	if err := os.WriteFile(views, []byte(viewsSQL(out, metas)), 0o644); err != nil {
		return fmt.Errorf("write views: %w", err)
	}
	report(stdout, out, views, metas)
	return nil
}

// currentBlocks returns the blocks of the tenant that no other block replaces, in
// the order of their ids.
func currentBlocks(ctx context.Context, store objstore.Store, tenant profile.TenantID) ([]*block.Meta, error) {
	var all []*block.Meta
	replaced, known := make(map[string]bool), make(map[string]bool)
	for after := ""; ; {
		page, err := store.List(ctx, block.Prefix(tenant), after, objstore.MaxListKeys)
		if err != nil {
			return nil, fmt.Errorf("list blocks: %w", err)
		}
		for _, info := range page {
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
