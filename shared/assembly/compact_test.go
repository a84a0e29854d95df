package assembly_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

// segments stores n segments, a second after another, the last one now.
func segments(t *testing.T, store *objstoretest.Mem, index *blockindextest.Mem, now time.Time, n int) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		at := now.Add(-time.Duration(n-1-i) * time.Second)
		b := block.NewBuilder(block.Options{})
		for _, p := range blocktest.Random(r, 2, 1) {
			p.Profile.TimeNanos = at.UnixNano()
			require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
		}
		body, m, err := b.Build("acme", ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String(), 0, nil)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), m.Key(), body))
		require.NoError(t, index.Insert(t.Context(), blockindex.Row{
			Tenant: "acme", ID: m.ID, MinTime: m.MinTime, MaxTime: m.MaxTime, CommittedAt: at.UnixMilli(), Detail: m.Append(nil),
		}))
	}
}

func TestCompactMergesAndSweepsWhenItIsDue(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	plan, mem, index := faultplan.New(), objstoretest.NewMem(), blockindextest.NewMem()
	mem.Now = clock
	c, err := config.LoadCompact(func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	host := assembly.Host{Log: slog.New(slog.DiscardHandler), Now: clock}
	compact, err := assembly.Compact(host, c, objstoretest.NewFaultsOf(plan, mem), blockindextest.NewFaultsOf(plan, index))
	require.NoError(t, err)
	segments(t, mem, index, now, 20)

	rows := func() string {
		all, err := index.All(t.Context(), "acme")
		require.NoError(t, err)
		return fmt.Sprintf("%d rows, %d swept, %d listed", len(all), plan.Calls(blockindextest.All), plan.Calls(objstoretest.List))
	}
	run := func() { require.NoError(t, compact(t.Context(), nil)) }
	run()
	require.Equal(t, "21 rows, 1 swept, 3 listed", rows(), "no object is old enough to look for its row")
	now = now.Add(c.SweepInterval - time.Second)
	run()
	require.Equal(t, "21 rows, 1 swept, 3 listed", rows(), "not due")
	now = now.Add(time.Second)
	run()
	require.Equal(t, "21 rows, 2 swept, 3 listed", rows(), "nothing has been replaced for long enough")
	now = now.Add(c.SweepInterval)
	run()
	require.Equal(t, "1 rows, 3 swept, 3 listed", rows())
	now = now.Add(time.Hour)
	run()
	require.Equal(t, "1 rows, 5 swept, 6 listed", rows())
}

func TestCompactThatIsToldToStop(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	plan, mem, index := faultplan.New(), objstoretest.NewMem(), blockindextest.NewMem()
	host := assembly.Host{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
	compact, err := assembly.Compact(host, config.Compact{CompactBytes: 1 << 20}, objstoretest.NewFaultsOf(plan, mem), index)
	require.NoError(t, err)
	segments(t, mem, index, now, 20)
	ctx, stop := context.WithCancel(t.Context())
	plan.SetHook(func(faultplan.Call, faultplan.When) error { stop(); return nil })
	require.NoError(t, compact(ctx, nil))
	all, err := index.All(t.Context(), "acme")
	require.NoError(t, err)
	require.Len(t, all, 20)
	plan.SetHook(func(faultplan.Call, faultplan.When) error { return faultplan.ErrFault })
	require.ErrorIs(t, compact(t.Context(), nil), faultplan.ErrFault, "other errors are told")
}
