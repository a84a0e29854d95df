package query

import (
	"context"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// bound moves the start of a query to where anything counts, takes down if it
// did, and finds out what counts from there on. All of a query goes by the same
// bounds.
func (h *Handler) bound(ctx context.Context, f *found) error {
	bounds := make(block.Bounds)
	earliest := int64(-1)
	for _, tenant := range f.tenants {
		b, err := h.boundOf(ctx, tenant)
		if err != nil {
			return err
		}
		bounds[tenant] = b
		if at := b.Earliest(); earliest < 0 || at < earliest {
			earliest = at
		}
	}
	if h.settings.Lookback > 0 {
		earliest = max(earliest, h.Now().Add(-h.settings.Lookback).UnixNano())
	}
	if f.from < earliest {
		f.from = earliest
		accountOf(ctx).trim(earliest)
	}
	f.bounds = bounds.After(f.from)
	return nil
}

// boundOf returns from when on profiles of a tenant count.
func (h *Handler) boundOf(ctx context.Context, tenant profile.TenantID) (block.Bound, error) {
	if h.Retention == nil {
		return block.Bound{}, nil
	}
	rules, err := h.Retention.Of(ctx, tenant)
	return rules.Bound(h.Now()), err
}

// divide returns what was found as two: the parts of blocks of which all counts,
// and those that have to be looked into.
func (f *found) divide() (all, some *found) {
	all, some = f.with(nil), f.with(nil)
	for _, m := range f.blocks {
		whole, rest := m.Divide(f.bounds[m.Tenant])
		if whole != nil {
			all.blocks = append(all.blocks, whole)
		}
		if rest != nil {
			some.blocks = append(some.blocks, rest)
		}
	}
	return all, some
}

func (f *found) with(blocks []*block.Meta) *found {
	out := *f
	out.blocks = blocks
	return &out
}

// restrict makes a task one about what was found.
func (f *found) restrict(t *engine.Task) { t.From, t.Bounds = max(t.From, f.from), f.bounds }

// isDeletedSince reports whether a service was deleted after a moment, so that
// an answer that was begun then may have what is gone.
func (h *Handler) isDeletedSince(ctx context.Context, tenant profile.TenantID, at time.Time) (bool, error) {
	if h.Retention == nil {
		return false, nil
	}
	rules, err := h.Retention.Of(ctx, tenant)
	for _, d := range rules.Deleted {
		if !d.Before.Before(at) {
			return true, nil
		}
	}
	return false, err
}
