package simulation

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// soakSabotage breaks rules of merging, sweeping and asking.
type soakSabotage struct {
	compactIndex  func(*process, compaction.Index) compaction.Index
	sweepSettings func(*sweep.Settings) // sweepers run every minute, too
	queryIndex    func(blockindex.Index) blockindex.Index
}

// unfenced lets a merged block in although others have taken sources of it.
type unfenced struct{ compaction.Index }

func (x unfenced) Insert(ctx context.Context, row blockindex.Row) error {
	err := x.Index.Insert(ctx, row)
	for n := len(row.Sources); errors.Is(err, blockindex.ErrTaken) && n > 0; n-- {
		// Those that it can take it hides, as if it named the others, too.
		row.Sources = row.Sources[1:]
		err = x.Index.Insert(ctx, row)
	}
	return err
}

// Find shows what was replaced as well, as if nobody had looked whether the job
// is stale.
func (x unfenced) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	return findAll(ctx, x.Index.(blockindex.Index), tenant, from, to)
}

func findAll(ctx context.Context, x blockindex.Index, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	rows, err := x.All(ctx, tenant)
	return slices.DeleteFunc(rows, func(r blockindex.Row) bool { return r.MinTime > to || r.MaxTime < from }), err
}

// unhiding finds what was replaced.
type unhiding struct{ blockindex.Index }

func (x unhiding) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	return findAll(ctx, x.Index, tenant, from, to)
}

// greedy replaces one block more than was merged.
type greedy struct{ compaction.Index }

func (x greedy) Insert(ctx context.Context, row blockindex.Row) error {
	rows, err := x.Find(ctx, row.Tenant, row.MinTime, row.MaxTime)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !slices.Contains(row.Sources, r.ID) && r.ID != row.ID && len(row.Sources) < blockindex.MaxSources {
			row.Sources = append(slices.Clone(row.Sources), r.ID)
			break
		}
	}
	return x.Index.Insert(ctx, row)
}

// idle takes no merged block at all.
type idle struct{ compaction.Index }

func (idle) Insert(context.Context, blockindex.Row) error { return errFault }

// TestSoakNotices breaks a rule each time, which a soak must notice.
func TestSoakNotices(t *testing.T) {
	for _, test := range []struct {
		name  string
		kinds []string
		soakSabotage
	}{
		{"replaced blocks are swept at once", []string{unreadable}, soakSabotage{sweepSettings: func(s *sweep.Settings) { s.Delay = 0 }}},
		{"a source is merged twice", []string{doubled}, soakSabotage{
			compactIndex: func(_ *process, x compaction.Index) compaction.Index { return unfenced{x} },
		}},
		{"more is replaced than was merged", []string{lost}, soakSabotage{
			compactIndex: func(_ *process, x compaction.Index) compaction.Index { return greedy{x} },
		}},
		{"queries read what was replaced", []string{doubled}, soakSabotage{
			queryIndex: func(x blockindex.Index) blockindex.Index { return unhiding{x} },
		}},
		{"nothing is merged", []string{tooMany}, soakSabotage{
			compactIndex: func(_ *process, x compaction.Index) compaction.Index { return idle{x} },
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sh := newShared(t)
			for seed := *firstSeed; seed < *firstSeed+8; seed++ {
				for _, v := range liveLong(t, sh, seed, 4*time.Hour, sabotage{soakSabotage: test.soakSabotage}).violations {
					if slices.Contains(test.kinds, v.kind) {
						t.Logf("seed %d: %v", seed, v)
						return
					}
					t.Logf("seed %d: %v, which is of another kind", seed, v)
				}
			}
			require.Fail(t, "nobody noticed")
		})
	}
}
