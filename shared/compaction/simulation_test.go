package compaction_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// TestAnySequenceGivesTheAnswersOfAPlainModel pushes, compacts, sweeps, fails
// and lets time pass in random order, and compares every answer on the way.
func TestAnySequenceGivesTheAnswersOfAPlainModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, 100+seed)
			c := w.compactor() // one that lives long
			for range 120 {
				what := w.step(c)
				w.requireAnswers(what)
				w.requireRange(what)
			}
			w.plan.Revive()
			w.life("end")
			w.life("end")
			w.requireTidy("end")
			require.Empty(t, w.mem.Reused())
		})
	}
}

// step does one thing and says what.
func (w *world) step(c *compaction.Compactor) string {
	ctx, s := w.t.Context(), sweep.DefaultSettings()
	s.Retention = 0
	tenant := profile.TenantID([]string{"acme", "rival"}[w.r.IntN(2)])
	switch n := w.r.IntN(20); {
	case n < 9:
		w.advance(time.Duration(w.r.Int64N(int64(20 * time.Second))))
		w.push(tenant, 1+w.r.IntN(2), time.Second<<w.r.IntN(13)) // up to 70 min old
		return "push"
	case n < 12:
		_, _ = c.RunAll(ctx)
		return "compact"
	case n < 13:
		_, _ = w.compactor().RunAll(ctx)
		return "compact in another process"
	case n < 15:
		_, _ = w.sweeper(s).Rows(ctx)
		return "sweep rows"
	case n < 16:
		_, _ = w.sweeper(s).Orphans(ctx)
		return "sweep orphans"
	case n < 17:
		w.advance(time.Duration(w.r.Int64N(int64(time.Minute) << w.r.IntN(9))))
		return "time"
	case n < 18:
		w.plan.CrashAt(1+w.r.IntN(20), faultplan.Both[w.r.IntN(2)])
		return "crash soon"
	default:
		w.plan.Revive()
		return "revive"
	}
}

// requireRange asks for a random part of time.
func (w *world) requireRange(what string) {
	w.t.Helper()
	to := w.clock().Add(-time.Duration(w.r.Int64N(int64(time.Hour))))
	from := to.Add(-time.Duration(w.r.Int64N(int64(2 * time.Hour))))
	for tenant := range w.truth {
		got, err := w.answer(tenant, from.UnixNano(), to.UnixNano(), nil)
		require.NoError(w.t, err, what)
		require.Equal(w.t, w.wanted(tenant, from.UnixNano(), to.UnixNano()), got, "%s: tenant %s from %v to %v", what, tenant, from, to)
	}
}

// TestReadersNeverSeeDoubleOrMissing queries without pause while blocks are
// merged through all levels and swept: even a query that finds its blocks and
// reads them only when they have been replaced.
func TestReadersNeverSeeDoubleOrMissing(t *testing.T) {
	w := newWorld(t, 200)
	var pushed sync.RWMutex // a push changes the truth and the store together
	stop := make(chan struct{})
	var readers sync.WaitGroup
	errs := make(chan error, 2)
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				pushed.RLock()
				got, err := w.answer("acme", 0, math.MaxInt64, nil)
				want := w.wanted("acme", 0, math.MaxInt64)
				pushed.RUnlock()
				if err != nil || got != want {
					errs <- fmt.Errorf("got %d, want %d: %w", got, want, err)
					return
				}
			}
		})
	}
	c, s := w.compactor(), sweep.DefaultSettings()
	for range 60 {
		pushed.Lock()
		w.push("acme", 2, time.Minute)
		pushed.Unlock()
		w.advance(10 * time.Second)
		// A query whose blocks are replaced between its two steps.
		got, err := w.answer("acme", 0, math.MaxInt64, func() {
			_, err := c.RunAll(t.Context())
			require.NoError(t, err)
			_, err = w.sweeper(s).Rows(t.Context())
			require.NoError(t, err)
			_, err = w.sweeper(s).Orphans(t.Context())
			require.NoError(t, err)
		})
		require.NoError(t, err)
		require.Equal(t, w.wanted("acme", 0, math.MaxInt64), got)
	}
	close(stop)
	readers.Wait()
	select {
	case err := <-errs:
		require.NoError(t, err)
	default:
	}
}

// TestBlocksPerDayAreBounded lets a day pass with the policy by default and a
// compaction every minute: whatever the rate of segments, a day has maxPerDay
// blocks at most at any moment, as long as they are too small for
// Policy.MaxBytes to matter.
func TestBlocksPerDayAreBounded(t *testing.T) {
	const maxPerDay = 64
	for _, every := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute} {
		t.Run(every.String(), func(t *testing.T) {
			var rows modelRows
			most := 0
			start := noon.Truncate(24 * time.Hour)
			for at := start; at.Before(start.Add(24 * time.Hour)); at = at.Add(every) {
				rows = append(rows, rowOf("acme", idOf("s", at), 0, at.Add(-every), at, at, 1000))
				if at.Sub(start)%time.Minute == 0 {
					rows = rows.compacted(t, at)
					most = max(most, len(rows))
				}
			}
			rows = rows.compacted(t, start.Add(48*time.Hour))
			t.Logf("at most %d blocks, %d in the end", most, len(rows))
			require.LessOrEqual(t, most, maxPerDay)
		})
	}
}

// modelRows are the rows that queries read, without blocks.
type modelRows []blockindex.Row

// compacted does all jobs as a compactor would, on the rows alone.
func (rows modelRows) compacted(t *testing.T, now time.Time) modelRows {
	for {
		jobs, err := compaction.Plan(now, rows, compaction.DefaultPolicy())
		require.NoError(t, err)
		if len(jobs) == 0 {
			return rows
		}
		gone := make(map[string]bool)
		for _, j := range jobs {
			from, to := j.Sources[0].MinTime, j.Sources[0].MaxTime
			for _, s := range j.Sources {
				gone[s.ID] = true
				from, to = min(from, s.MinTime), max(to, s.MaxTime)
			}
			rows = append(rows, rowOf(j.Tenant, j.ID, j.Level, time.Unix(0, from), time.Unix(0, to), now, j.Bytes))
		}
		rows = slices.DeleteFunc(rows, func(r blockindex.Row) bool { return gone[r.ID] })
	}
}
