package recovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Reindexed is what Reindex did, or would do.
type Reindexed struct {
	Tenants int      `json:"tenants"`
	Blocks  int      `json:"blocks"`  // in the objects
	There   int      `json:"there"`   // of them, those whose row was there
	Rows    int      `json:"rows"`    // of them, those that got one
	LeftOut []string `json:"leftOut"` // keys of those that got none: they are not whole, or another block has their profiles
	Foreign []string `json:"foreign"` // keys of objects that are none of a block
}

// Reindex inserts the rows of all blocks that have none, of one tenant or, if
// it is empty, of all. Rows that are there stay as they are, so that it can be
// run again, beside everything else that runs. With dryRun nothing is written.
//
// A row gets the sources that are still there, as the others need not be hidden
// any more, and the time of the object as that of its commit; all else is as it
// was. While it runs a query finds what has a row already.
//
// Objects without a row are in the store at any time for about an hour: what a
// writer left behind that died, or a worker whose job another one's had
// overtaken. If a whole index is lost nothing tells them from blocks. Merged
// ones share sources with others, and of those the likelier one gets the row
// (see prefer); a segment like that is counted beside the one that was written
// after it, until compaction merges the two and drops what is there twice.
func Reindex(ctx context.Context, d Deps, only profile.TenantID, dryRun bool) (Reindexed, error) {
	done := Reindexed{LeftOut: []string{}, Foreign: []string{}}
	visit := func(tenant profile.TenantID) error {
		done.Tenants++
		if err := d.reindexTenant(ctx, tenant, dryRun, &done); err != nil {
			return fmt.Errorf("reindex tenant %s: %w", tenant, err)
		}
		return nil
	}
	var err error
	if only != "" {
		err = visit(only)
	} else {
		err = tenants(ctx, d.Store, visit)
	}
	return done, err
}

func (d Deps) reindexTenant(ctx context.Context, tenant profile.TenantID, dryRun bool, done *Reindexed) error {
	objects, err := d.objects(ctx, tenant)
	if err != nil {
		return err
	}
	// After the objects: whatever has a row by now is seen to have one.
	rows, err := d.Index.All(ctx, tenant)
	if err != nil {
		return err
	}
	s := newShelf(rows)
	there := make(map[string]bool)
	for _, o := range objects {
		there[o.Key] = true
	}
	for _, o := range objects {
		if o.meta == nil {
			done.Foreign = append(done.Foreign, o.Key)
			d.Log.LogAttrs(ctx, slog.LevelWarn, "object is no block", slog.String(telemetry.KeyKey, o.Key), telemetry.Err(o.err))
			continue
		}
		if !o.meta.Complete {
			continue // the last object of the block tells of it
		}
		done.Blocks++
		if s.rows[o.meta.ID] {
			done.There++
			continue
		}
		_, twice := s.lost[o.meta.ID] // two builds of this code have done the same job
		if twice || slices.ContainsFunc(o.meta.Keys(), func(key string) bool { return !there[key] }) {
			done.LeftOut = append(done.LeftOut, o.Key)
			d.Log.LogAttrs(ctx, slog.LevelWarn, "block is left out: it is not whole, or there twice", slog.String(telemetry.KeyKey, o.Key))
			continue
		}
		s.add(o)
	}
	lost := s.order()
	inserted := d.counter("rows", tenant, len(lost))
	for _, o := range lost {
		row, ok := s.row(o)
		if ok && !dryRun {
			err := d.Index.Insert(ctx, row)
			if ok = !errors.Is(err, blockindex.ErrTaken); ok && err != nil {
				return err
			}
		}
		inserted.add()
		if !ok {
			done.LeftOut = append(done.LeftOut, o.Key)
			d.Log.LogAttrs(ctx, slog.LevelWarn, "block is left out: another one has its profiles", slog.String(telemetry.KeyKey, o.Key))
			continue
		}
		s.put(row)
		done.Rows++
	}
	return nil
}

// shelf is what a tenant has: rows, and blocks that have none yet.
type shelf struct {
	rows  map[string]bool   // ids
	taken map[string]string // which row took a source
	lost  map[string]object // blocks without a row, by id
	// named are blocks that a merged one names: they had a row once.
	named map[string]bool
}

func newShelf(rows []blockindex.Row) *shelf {
	s := &shelf{rows: make(map[string]bool), taken: make(map[string]string), lost: make(map[string]object), named: make(map[string]bool)}
	for _, r := range rows {
		s.put(r)
		sources := r.Sources
		if m, err := block.ParseMeta(r.Detail); err == nil {
			sources = m.Sources // the row of a run before may lack those that were gone
		}
		for _, id := range sources {
			s.named[id], s.taken[id] = true, r.ID
		}
	}
	return s
}

func (s *shelf) put(r blockindex.Row) {
	s.rows[r.ID] = true
	for _, id := range r.Sources {
		s.taken[id] = r.ID
	}
}

func (s *shelf) add(o object) {
	s.lost[o.meta.ID] = o
	for _, id := range o.meta.Sources {
		s.named[id] = true
	}
}

// order returns the lost blocks so that sources come before what replaces them,
// and of those that share a source the preferred ones first.
func (s *shelf) order() []object {
	all := make([]object, 0, len(s.lost))
	for _, o := range s.lost {
		all = append(all, o)
	}
	shared := make(map[string]int) // how many blocks name a source
	for _, o := range all {
		for _, id := range o.meta.Sources {
			shared[id]++
		}
	}
	rivals := func(o object) (n int) {
		for _, id := range o.meta.Sources {
			n += shared[id] - 1
		}
		return n
	}
	slices.SortFunc(all, func(a, b object) int {
		return cmp.Or(cmp.Compare(a.meta.Level, b.meta.Level), s.prefer(a, b), cmp.Compare(rivals(a), rivals(b)), strings.Compare(a.meta.ID, b.meta.ID))
	})
	var out []object
	placed := make(map[string]bool)
	var place func(o object)
	place = func(o object) {
		if placed[o.meta.ID] {
			return
		}
		placed[o.meta.ID] = true
		for _, id := range o.meta.Sources {
			if source, ok := s.lost[id]; ok {
				place(source)
			}
		}
		out = append(out, o)
	}
	for _, o := range all {
		place(o)
	}
	return out
}

// prefer compares merged blocks of which only one can have been committed. One
// that another block names has been. Of what was committed all sources go at
// once, a delay later; so one of which some are there and some are not was
// overtaken by a block that took those that are not.
func (s *shelf) prefer(a, b object) int {
	return cmp.Or(falseFirst(!s.named[a.meta.ID], !s.named[b.meta.ID]), falseFirst(s.isTorn(a), s.isTorn(b)))
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (s *shelf) isTorn(o object) bool {
	there := 0
	for _, id := range o.meta.Sources {
		if s.has(id) {
			there++
		}
	}
	return there > 0 && there < len(o.meta.Sources)
}

func (s *shelf) has(id string) bool {
	_, lost := s.lost[id]
	return lost || s.rows[id]
}

// row makes the row of a block. It reports false if a source that it has is
// another row's.
func (s *shelf) row(o object) (blockindex.Row, bool) {
	m := o.meta
	r := blockindex.Row{
		Tenant: m.Tenant, ID: m.ID, Level: m.Level, MinTime: m.MinTime, MaxTime: m.MaxTime,
		CommittedAt: o.ModifiedUnixMilli, Detail: m.Append(nil),
	}
	for _, id := range m.Sources {
		if by := s.taken[id]; by != "" && by != m.ID {
			return r, false
		}
	}
	for _, id := range m.Sources {
		s.taken[id] = m.ID // also of those that are gone
		if !s.rows[id] {
			continue
		}
		r.Sources = append(r.Sources, id)
		if source, ok := s.lost[id]; ok {
			r.MinTime, r.MaxTime = min(r.MinTime, source.meta.MinTime), max(r.MaxTime, source.meta.MaxTime)
		}
	}
	return r, true
}
