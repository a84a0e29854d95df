package compaction_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// fill pushes segments of two tenants over some minutes.
func fill(w *world) {
	for i := range 17 {
		w.push("acme", 3, time.Minute)
		if i%3 == 0 {
			w.push("rival", 3, time.Minute)
		}
		w.advance(time.Second)
	}
	w.advance(time.Minute)
}

// settle compacts until there is nothing to do at any level.
func (w *world) settle(what string) {
	w.t.Helper()
	for range 3 {
		_, err := w.compactor().RunAll(w.t.Context())
		require.NoError(w.t, err, what)
		w.advance(4 * time.Hour)
	}
}

func TestRunAllMergesWithoutChangingAnAnswer(t *testing.T) {
	w := newWorld(t, 1)
	fill(w)
	stats, err := w.compactor().RunAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, "[0 1 1 0]", w.levels("acme"), "5, 5, 5 and 2 segments; three of what they make")
	require.Equal(t, "[1 1 0 0]", w.levels("rival"))
	require.Equal(t, 6, stats.Jobs)
	require.Equal(t, 17+5+3, stats.Sources)
	require.Positive(t, stats.BytesOut)
	w.requireAnswers("merged")

	again, err := w.compactor().RunAll(t.Context())
	require.NoError(t, err)
	require.Zero(t, again, "nothing to do")
	w.settle("settled")
	require.Len(t, w.blocks("acme"), 2, "a single block of a level stays as it is")
	w.requireAnswers("settled")
	w.requireTidy("settled")
}

// job plans the first job.
func (w *world) job() compaction.Job {
	jobs, err := compaction.Plan(w.clock(), w.blocks("acme"), policy())
	require.NoError(w.t, err)
	require.NotEmpty(w.t, jobs)
	return jobs[0]
}

func TestRunTwiceIsRunOnce(t *testing.T) {
	w := newWorld(t, 2)
	fill(w)
	j := w.job()
	first, err := w.compactor().Run(t.Context(), j)
	require.NoError(t, err)
	keys := w.keys()
	w.advance(time.Minute)
	slices.Reverse(j.Sources) // whoever planned it may have had them in another order
	second, err := w.compactor().Run(t.Context(), j)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, keys, w.keys())
	w.requireAnswers("twice")
}

// TestBytesFollowFromSources does the same job in stores of their own, planned
// from rows in another order.
func TestBytesFollowFromSources(t *testing.T) {
	for seed := range uint64(5) {
		var bodies [][]byte
		for i := range 3 {
			w := newWorld(t, 50+seed)
			for range 5 {
				w.push("acme", 20, 40*time.Minute)
			}
			rows := w.blocks("acme")
			if i > 0 {
				slices.Reverse(rows)
			}
			jobs, err := compaction.Plan(w.clock(), rows, policy())
			require.NoError(t, err)
			require.Len(t, jobs, 1)
			meta, err := w.compactor().Run(t.Context(), jobs[0])
			require.NoError(t, err)
			var all []byte
			for _, key := range meta.Keys() {
				body, err := w.mem.Get(t.Context(), key)
				require.NoError(t, err)
				all = append(all, body...)
			}
			bodies = append(bodies, all)
		}
		require.Equal(t, bodies[0], bodies[1])
		require.Equal(t, bodies[0], bodies[2])
	}
}

// TestTwoWorkersDoTheSameJob lets both get to the insert before either does it.
func TestTwoWorkersDoTheSameJob(t *testing.T) {
	w := newWorld(t, 3)
	fill(w)
	j := w.job()
	nested := false
	w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
		if c.Op == blockindextest.Insert && when == faultplan.Before && !nested {
			nested = true
			w.advance(time.Second)
			_, err := w.compactor().Run(t.Context(), j)
			require.NoError(t, err)
			w.advance(time.Second)
		}
		return nil
	})
	meta, err := w.compactor().Run(t.Context(), j)
	require.NoError(t, err)
	require.True(t, nested)
	require.Equal(t, j.ID, meta.ID)
	w.requireAnswers("both")
	w.requireTidy("both")
}

// TestTwoWorkersDoJobsThatShareASource lets both get to the insert before either
// does it: one planned when there were fewer segments.
func TestTwoWorkersDoJobsThatShareASource(t *testing.T) {
	w := newWorld(t, 3)
	fill(w)
	rows := w.blocks("acme")
	early, err := compaction.Plan(w.clock().Add(time.Hour), rows[1:4], policy())
	require.NoError(t, err)
	late := w.job()
	require.Contains(t, late.Sources, early[0].Sources[0])
	nested := false
	w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
		if c.Op == blockindextest.Insert && when == faultplan.Before && !nested {
			nested = true
			_, err := w.compactor().Run(t.Context(), early[0])
			require.NoError(t, err)
			w.requireAnswers("one")
		}
		return nil
	})
	_, err = w.compactor().Run(t.Context(), late)
	require.ErrorIs(t, err, compaction.ErrStale)
	require.True(t, nested)
	w.requireAnswers("both")
	w.settle("settled")
	w.requireAnswers("settled")
	settings := sweep.DefaultSettings()
	settings.Retention = 0
	_, err = w.sweeper(settings).Orphans(t.Context())
	require.NoError(t, err)
	w.requireTidy("the object that lost is collected")
}

func TestStaleJobsAreDropped(t *testing.T) {
	for name, disturb := range map[string]func(w *world, j compaction.Job){
		"a source was replaced by another job": func(w *world, j compaction.Job) {
			r := j.Sources[0]
			r.ID, r.Level, r.Sources = idOf("other", w.clock()), 1, []string{r.ID}
			require.NoError(t, w.index.Insert(t.Context(), r))
		},
		"a source was deleted": func(w *world, j compaction.Job) {
			require.NoError(t, w.index.Delete(t.Context(), "acme", j.Sources[2].ID))
		},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %v", name, late), func(t *testing.T) {
				w := newWorld(t, 4)
				fill(w)
				j := w.job()
				if late { // when the object was put
					w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
						if c.Op == objstoretest.Put && when == faultplan.After {
							disturb(w, j)
						}
						return nil
					})
				} else {
					disturb(w, j)
				}
				_, err := w.compactor().Run(t.Context(), j)
				require.ErrorIs(t, err, compaction.ErrStale)
				require.False(t, slices.ContainsFunc(w.blocks("acme"), func(r blockindex.Row) bool { return r.ID == j.ID }))
			})
		}
	}
}

// TestTwoBuildsDoTheSameJob: another version of this code, which writes other
// bytes, does the same job and dies, or is faster.
func TestTwoBuildsDoTheSameJob(t *testing.T) {
	for name, dies := range map[string]bool{"the other dies": true, "the other commits": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 5)
			fill(w)
			j := w.job()
			other := policy()
			other.Merge.Slice = time.Second
			nested := false
			w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
				if c.Op != blockindextest.Insert || when != faultplan.Before || nested {
					return nil
				}
				nested = true
				if dies {
					w.plan.FailNext(blockindextest.Insert, faultplan.Before, nil)
					w.plan.FailNth(blockindextest.Insert, 2, faultplan.Before, nil)
					w.plan.FailNth(blockindextest.Insert, 3, faultplan.Before, nil)
				}
				_, err := w.compactorOf(other).Run(t.Context(), j)
				require.Equal(t, dies, err != nil)
				return nil
			})
			before := len(w.keys())
			meta, err := w.compactor().Run(t.Context(), j)
			require.NoError(t, err)
			require.True(t, nested)
			require.Greater(t, len(w.keys()), before+len(meta.Volumes), "both have put their objects")
			w.requireAnswers("both")
			w.life("swept")
			w.requireSettled("swept")
		})
	}
}

func TestProfilesStoredTwiceBecomeOne(t *testing.T) {
	w := newWorld(t, 6)
	row := w.push("acme", 20, time.Minute)
	// As a segment that was written again after its first write was forgotten.
	m, err := block.ParseMeta(row.Detail)
	require.NoError(t, err)
	reader, err := block.NewReader(w.mem)
	require.NoError(t, err)
	m, err = reader.Merge(t.Context(), []*block.Meta{m}, block.Meta{Tenant: "acme", ID: idOf("again", w.clock())}, block.MergeOptions{}, w.mem.Put)
	require.NoError(t, err)
	row.ID, row.Detail = m.ID, m.Append(nil)
	require.NoError(t, w.index.Insert(t.Context(), row))
	w.advance(time.Minute)
	stats, err := w.compactor().RunAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, stats.Jobs)
	w.requireAnswers("one")
}

// TestAJobThatFailsDoesNotStopOthers: an object is damaged.
func TestAJobThatFailsDoesNotStopOthers(t *testing.T) {
	w := newWorld(t, 7)
	fill(w)
	bad := w.job().Sources[0]
	require.NoError(t, w.mem.Delete(t.Context(), block.Key("acme", bad.ID)))
	stats, err := w.compactor().RunAll(t.Context())
	require.ErrorIs(t, err, objstore.ErrNotExist)
	require.ErrorContains(t, err, bad.ID)
	require.Equal(t, 1, stats.Failed)
	require.Equal(t, "[5 0 1 0]", w.levels("acme"), "the other three jobs are done, and one of what they made")
	require.Equal(t, "[1 1 0 0]", w.levels("rival"))
}
