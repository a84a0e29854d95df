package compaction_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// life compacts and sweeps through all levels, checking answers as it goes, as
// far as the plan lets it.
func (w *world) life(what string) {
	s := sweep.DefaultSettings()
	for range 4 {
		_, _ = w.compactor().RunAll(w.t.Context())
		w.requireAnswers(what)
		_, _ = w.sweeper(s).Orphans(w.t.Context())
		w.requireAnswers(what)
		_, _ = w.sweeper(s).Rows(w.t.Context())
		w.requireAnswers(what)
		w.advance(4 * time.Hour)
	}
}

// requireSettled goes on without faults, after which there is a block of each
// level at most, and nothing that belongs to nobody.
func (w *world) requireSettled(what string) {
	w.plan.Revive()
	w.life(what)
	for tenant := range w.truth {
		require.NotRegexp(w.t, "[2-9]", w.levels(tenant), what)
	}
	w.requireTidy(what)
	require.Empty(w.t, w.mem.Reused(), what)
}

// small pushes what makes jobs at two levels.
func small(w *world) {
	for i := range 17 {
		w.push("acme", 1, time.Minute)
		if i%3 == 0 {
			w.push("rival", 1, time.Minute)
		}
		w.advance(time.Second)
	}
	w.advance(time.Minute)
}

func TestDyingAtAnyCallChangesNoAnswer(t *testing.T) {
	w := newWorld(t, 11)
	small(w)
	w.life("without faults")
	calls := w.plan.Calls()
	require.Greater(t, calls, 60)
	w.requireSettled("without faults")
	for n := range calls {
		for _, when := range faultplan.Both {
			what := fmt.Sprintf("crash at call %d, %v it", n+1, when)
			w := newWorld(t, 11)
			small(w)
			w.plan.CrashAt(n+1, when)
			w.life(what)
			require.NotEmpty(t, w.plan.Fired())
			w.requireSettled(what)
		}
	}
}

func TestAnyFailingCallChangesNoAnswer(t *testing.T) {
	ops := []faultplan.Op{
		objstoretest.Put, objstoretest.Get, objstoretest.Delete, objstoretest.List, objstoretest.GetRange,
		blockindextest.Insert, blockindextest.Find, blockindextest.All, blockindextest.Delete, blockindextest.Tenants,
	}
	for _, op := range ops {
		for _, n := range []int{1, 4} {
			for _, times := range []int{1, 3} { // a retry helps, and does not
				for _, when := range faultplan.Both {
					what := fmt.Sprintf("%v fails %d times from call %d on, %v", op, times, n, when)
					w := newWorld(t, 12)
					small(w)
					for i := range times {
						w.plan.FailNth(op, n+i, when, nil)
					}
					w.life(what)
					w.requireSettled(what)
				}
			}
		}
	}
}
