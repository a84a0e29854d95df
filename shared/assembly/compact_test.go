package assembly_test

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
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
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
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

// tidying is the three functions that merge and delete blocks, over stores in
// memory that fail as a plan says.
type tidying struct {
	plan   *faultplan.Plan
	store  *objstoretest.Mem
	index  *blockindextest.Mem
	jobs   *boltqueue.Queue
	now    time.Time
	log    bytes.Buffer
	emf    bytes.Buffer
	delay  time.Duration
	planFn lambdahost.ScheduleFunc
	work   lambdahost.MessageFunc
	sweep  lambdahost.ScheduleFunc
}

func newTidying(t *testing.T) *tidying {
	w := &tidying{
		plan: faultplan.New(), store: objstoretest.NewMem(), index: blockindextest.NewMem(),
		now: time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC),
	}
	clock := func() time.Time { return w.now }
	w.store.Now = clock
	var err error
	w.jobs, err = boltqueue.Open(filepath.Join(t.TempDir(), "jobs"), boltqueue.Options{Now: clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.jobs.Close()) })
	unset := func(string) (string, bool) { return "", false }
	planConfig, err := config.LoadCompactPlan(unset)
	require.NoError(t, err)
	compactConfig, err := config.LoadCompact(unset)
	require.NoError(t, err)
	sweepConfig, err := config.LoadSweep(unset)
	require.NoError(t, err)
	w.delay = sweepConfig.SweepDelay
	h := assembly.Host{Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Metrics: &w.emf, Now: clock}
	store, index := objstoretest.NewFaultsOf(w.plan, w.store), blockindextest.NewFaultsOf(w.plan, w.index)
	parked := recordstest.NewMem()
	parked.Now = clock
	w.planFn, err = assembly.CompactPlan(h, planConfig, index, w.jobs, parked)
	require.NoError(t, err)
	w.work, err = assembly.Compact(h, compactConfig, store, index, w.jobs, parked)
	require.NoError(t, err)
	w.sweep, err = assembly.Sweep(h, sweepConfig, store, index, parked)
	require.NoError(t, err)
	return w
}

// deliver hands the messages of the queue to the compact function, and returns
// how many failed.
func (w *tidying) deliver(t *testing.T) (failed int) {
	for {
		taken, err := w.jobs.Receive(t.Context(), 1, 0, time.Minute)
		require.NoError(t, err)
		if len(taken) == 0 {
			return failed
		}
		if w.work(t.Context(), taken[0]) != nil {
			failed++
			continue
		}
		require.NoError(t, queue.First(w.jobs.Delete(t.Context(), []string{taken[0].Handle})))
	}
}

func (w *tidying) rows(t *testing.T) int {
	all, err := w.index.All(t.Context(), "acme")
	require.NoError(t, err)
	return len(all)
}

func TestBlocksArePlannedMergedAndSwept(t *testing.T) {
	w := newTidying(t)
	segments(t, w.store, w.index, w.now, 20)
	require.NoError(t, w.planFn(t.Context(), nil))
	require.Contains(t, w.log.String(), `"jobs":1`)
	require.Contains(t, w.emf.String(), `"JobsPlanned":1`)
	require.Zero(t, w.deliver(t))
	require.Equal(t, 21, w.rows(t))
	require.Contains(t, w.log.String(), `"sources":20`)
	require.Contains(t, w.emf.String(), `"JobsDone":1`)

	require.NoError(t, w.sweep(t.Context(), nil))
	require.Equal(t, 21, w.rows(t), "nothing has been replaced for long enough")
	require.Equal(t, 7, w.plan.Calls(objstoretest.List), "no object is old enough to look for its row")
	w.now = w.now.Add(w.delay)
	require.NoError(t, w.sweep(t.Context(), nil))
	require.Equal(t, 1, w.rows(t))
	require.Equal(t, 7, w.plan.Calls(objstoretest.List), "the bucket is listed once an hour")
	w.now = w.now.Add(time.Hour)
	require.NoError(t, w.sweep(t.Context(), nil))
	require.Equal(t, 1, w.rows(t))
	require.Equal(t, 14, w.plan.Calls(objstoretest.List))
}

func TestFunctionsThatAreToldToStop(t *testing.T) {
	w := newTidying(t)
	segments(t, w.store, w.index, w.now, 20)
	require.NoError(t, w.planFn(t.Context(), nil))
	for _, f := range []lambdahost.ScheduleFunc{w.planFn, w.sweep} {
		ctx, stop := context.WithCancel(t.Context())
		w.plan.SetHook(func(faultplan.Call, faultplan.When) error { stop(); return nil })
		require.NoError(t, f(ctx, nil))
		w.plan.SetHook(func(faultplan.Call, faultplan.When) error { return faultplan.ErrFault })
		require.ErrorIs(t, f(t.Context(), nil), faultplan.ErrFault, "other errors are told")
	}
	require.Equal(t, 1, w.deliver(t))
	require.Contains(t, w.emf.String(), `"JobsFailed":1`)
	w.plan.SetHook(nil)
	require.Zero(t, w.deliver(t), "it waits")
	require.Equal(t, 20, w.rows(t))
	w.now = w.now.Add(time.Minute)
	require.Zero(t, w.deliver(t))
	require.Equal(t, 21, w.rows(t))
}
