package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// tailBytes is how much of an object is read first to find its description.
const tailBytes = 16 << 10

// Orphans deletes the objects of blocks without a row, what is left of answers
// to queries, and large bodies that were uploaded a day ago, of all tenants that
// have objects. It lists the whole store, 1000 objects a call.
func (s *Sweeper) Orphans(ctx context.Context) (Stats, error) {
	var stats Stats
	var errs []error
	for after := ""; ; {
		if ctx.Err() != nil {
			return stats, errors.Join(append(errs, context.Cause(ctx))...)
		}
		// The next tenant is in the next key behind all those of the last.
		next, err := s.Store.List(ctx, "", after, 1)
		if err != nil {
			return stats, errors.Join(append(errs, fmt.Errorf("look for the next tenant: %w", err))...)
		}
		if len(next) == 0 {
			return stats, errors.Join(errs...)
		}
		name, _, below := strings.Cut(next[0].Key, "/")
		if after = name; below {
			after += "0" // it follows "/"
		}
		tenant := profile.TenantID(name)
		if tenant.Validate() != nil {
			continue // what is there is none of ours, or set aside for a person
		}
		t, err := s.tenantOrphans(ctx, tenant)
		passing, passingErr := s.tenantPassing(ctx, tenant)
		t.Add(passing)
		if err := errors.Join(err, passingErr); err != nil {
			t.Failed++
			errs = append(errs, fmt.Errorf("look for orphans of tenant %s: %w", tenant, err))
		}
		stats.Add(t)
	}
}

func (s *Sweeper) tenantOrphans(ctx context.Context, tenant profile.TenantID) (Stats, error) {
	var stats Stats
	old, err := s.oldObjects(ctx, tenant)
	if err != nil || len(old) == 0 {
		return stats, err
	}
	// The rows are read after the objects were listed: whatever has a row by
	// then is seen to have one.
	rows, err := s.Index.All(ctx, tenant)
	if err != nil {
		return stats, err
	}
	b := newBook(rows)
	if err := s.judge(ctx, tenant, b); err != nil {
		return stats, err
	}
	var errs []error
	lost := 0
	for _, o := range old {
		if b.hasObject(tenant, o.Key) {
			continue
		}
		became, err := s.judgeOrphan(ctx, b, o)
		if became == nobodyReads {
			err = s.Store.Delete(ctx, o.Key)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		switch became {
		case lostRow:
			lost++
		case nobodyReads:
			stats.Orphans++
			stats.Bytes += o.Size
		}
	}
	if lost > 0 {
		s.Log.LogAttrs(ctx, slog.LevelError, "blocks without a row of the index are kept, for no row covers their time: if rows were lost, reindex",
			slog.String(telemetry.KeyTenant, string(tenant)), slog.Int("objects", lost), slog.Int("rows", len(rows)))
	}
	return stats, errors.Join(errs...)
}

// verdict is what becomes of an object without a row.
type verdict int

const (
	// kept may get a row yet, may be read, is gone, or is no block.
	kept verdict = iota
	nobodyReads
	// lostRow has profiles that count, of a time of which the tenant has no block
	// with a row. What a crash has left is written again, and has a row of its time
	// by now; so this one's row was lost, or the table is another one's.
	lostRow
)

// oldObjects returns the objects of a tenant's blocks that are old enough to be
// orphans.
func (s *Sweeper) oldObjects(ctx context.Context, tenant profile.TenantID) ([]objstore.Info, error) {
	before := s.Now().Add(-s.settings.OrphanAge).UnixMilli()
	prefix := block.Prefix(tenant)
	var out []objstore.Info
	for after := ""; ; {
		page, err := s.Store.List(ctx, prefix, after, objstore.MaxListKeys)
		if err != nil {
			return nil, err
		}
		for _, o := range page {
			if o.ModifiedUnixMilli <= before {
				out = append(out, o)
			}
		}
		if len(page) < objstore.MaxListKeys {
			return out, nil
		}
		after = page[len(page)-1].Key
	}
}

// judgeOrphan looks at an object without a row.
func (s *Sweeper) judgeOrphan(ctx context.Context, b *book, o objstore.Info) (verdict, error) {
	m, err := s.describe(ctx, o)
	if err == nil {
		err = m.SetKey(o.Key)
	}
	switch {
	case errors.Is(err, objstore.ErrNotExist), errors.Is(err, objstore.ErrArchived):
		return kept, nil // somebody else has deleted it; or nobody can say what it is
	case errors.Is(err, block.ErrCorrupt):
		// Not what we have written: to be looked at, not to be deleted.
		s.Log.LogAttrs(ctx, slog.LevelWarn, "object among the blocks is no block", slog.String(telemetry.KeyKey, o.Key), telemetry.Err(err))
		return kept, nil
	case err != nil:
		return kept, err
	case b.rows[m.ID] == nil && len(m.Sources) > 0 && !slices.ContainsFunc(m.Sources, func(id string) bool { return !b.isLive(id) }):
		return kept, nil // the same job may come again
	case b.expiredLately(m):
		return kept, nil
	}
	if m.Counting(b.bound) != nil && !b.covers(m) {
		return lostRow, nil
	}
	return nobodyReads, nil
}

// expiredLately reports whether the block's row may have been deleted so short
// a time ago that queries still read it. A sweep may come late, by OrphanAge as
// is assumed here; if it comes later, a query at the edge of the retention may
// fail, and succeeds when it is asked again.
func (b *book) expiredLately(m *block.Meta) bool {
	return !b.bound.IsZero() && m.Counting(b.bound) == nil && m.Counting(b.before) != nil
}

// describe reads the description at the end of an object.
func (s *Sweeper) describe(ctx context.Context, o objstore.Info) (*block.Meta, error) {
	want := min(o.Size, tailBytes)
	for {
		if want <= 0 || want > o.Size {
			return nil, fmt.Errorf("%w: %s has %d bytes", block.ErrCorrupt, o.Key, o.Size)
		}
		b, err := s.Store.GetRange(ctx, o.Key, o.Size-want, want)
		if err != nil {
			return nil, err
		}
		m, need, err := block.ParseTail(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Key, err)
		}
		if m != nil {
			return m, nil
		}
		want = int64(need)
	}
}
