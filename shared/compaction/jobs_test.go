package compaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// Calls of the queue of jobs, for plans.
const (
	opSend   faultplan.Op = "queue.Send"
	opTake   faultplan.Op = "queue.Receive"
	opExtend faultplan.Op = "queue.Extend"
	opDelete faultplan.Op = "queue.Delete"
)

// plannedQueue is a queue that fails as a plan says, entry for entry.
type plannedQueue struct {
	plan *faultplan.Plan
	queue.Queue
}

func (q plannedQueue) all(op faultplan.Op, n int, f func() []error) []error {
	if err := q.plan.Do(op, "", func() error { return queue.First(f()) }); err != nil {
		errs := make([]error, n)
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return nil
}

func (q plannedQueue) Send(ctx context.Context, batch []queue.Message) []error {
	return q.all(opSend, len(batch), func() []error { return q.Queue.Send(ctx, batch) })
}

func (q plannedQueue) Extend(ctx context.Context, handles []string, d time.Duration) []error {
	return q.all(opExtend, len(handles), func() []error { return q.Queue.Extend(ctx, handles, d) })
}

func (q plannedQueue) Delete(ctx context.Context, handles []string) []error {
	return q.all(opDelete, len(handles), func() []error { return q.Queue.Delete(ctx, handles) })
}

func (q plannedQueue) Receive(ctx context.Context, n int, wait, hidden time.Duration) (out []queue.Delivery, err error) {
	err = q.plan.Do(opTake, "", func() error {
		out, err = q.Queue.Receive(ctx, n, wait, hidden)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// factory is a world whose jobs pass through a queue.
type factory struct {
	*world
	queue   *memQueue
	jobs    queue.Queue
	records *recordstest.Mem
}

func newFactory(t testing.TB, seed uint64) *factory {
	f := &factory{world: newWorld(t, seed), records: recordstest.NewMem()}
	f.records.Now = f.clock
	f.queue = newMemQueue(f.clock)
	f.jobs = plannedQueue{f.plan, f.queue}
	return f
}

// planner returns a new planner, as a new process would have it.
func (f *factory) planner() *compaction.Planner {
	return compaction.NewPlanner(policy(), compaction.PlannerDeps{
		Index: blockindextest.NewFaultsOf(f.plan, f.index), Queue: f.jobs,
		Records: recordstest.NewFaultsOf(f.plan, f.records), Retention: f.rules, Now: f.clock, Log: slog.New(slog.DiscardHandler),
	})
}

// forever are leases that never end, whatever the queue thinks.
type forever struct{}

func (forever) Extend(context.Context, []string, time.Duration) []error { return nil }

func (f *factory) worker() *compaction.Worker { return f.workerOf(f.jobs) }

func (f *factory) workerOf(leases compaction.Leases) *compaction.Worker {
	return compaction.NewWorker(compaction.DefaultWorkerSettings(), compaction.WorkerDeps{
		Compactor: f.compactor(), Leases: leases, Records: recordstest.NewFaultsOf(f.plan, f.records),
		Now: f.clock, Log: slog.New(slog.DiscardHandler), Every: func(context.Context, time.Duration, func()) {},
	})
}

// work does the jobs that are on the queue, as far as the plan lets it, and
// returns how many deliveries there were.
func (f *factory) work(w *compaction.Worker) (n int) {
	for {
		taken, err := f.jobs.Receive(f.t.Context(), 1, 0, 2*time.Minute)
		if err != nil || len(taken) == 0 {
			return n
		}
		n++
		if w.Do(f.t.Context(), taken[0]) == nil {
			_ = f.jobs.Delete(f.t.Context(), []string{taken[0].Handle})
		}
	}
}

// live plans, works and sweeps through all levels, checking answers as it goes.
func (f *factory) live(what string) {
	s := sweep.DefaultSettings()
	for range 5 {
		for range 4 {
			_, _ = f.planner().Run(f.t.Context())
			if f.work(f.worker()) == 0 {
				break
			}
			f.requireAnswers(what)
		}
		_, _ = f.sweeper(s).Orphans(f.t.Context())
		_, _ = f.sweeper(s).Rows(f.t.Context())
		f.requireAnswers(what)
		f.advance(4 * time.Hour)
	}
}

// requireDone goes on without faults, after which nothing is left to do.
func (f *factory) requireDone(what string) {
	f.plan.Revive()
	f.live(what)
	for tenant := range f.truth {
		require.NotRegexp(f.t, "[2-9]", f.levels(tenant), what)
	}
	f.requireTidy(what)
	require.Empty(f.t, f.mem.Reused(), what)
	require.Zero(f.t, f.queue.left(), what)
}

func TestPlannerAndWorkersThatDieAtAnyCall(t *testing.T) {
	f := newFactory(t, 21)
	small(f.world)
	f.live("without faults")
	calls := f.plan.Calls()
	require.Greater(t, calls, 80)
	f.requireDone("without faults")
	for n := range calls {
		for _, when := range faultplan.Both {
			what := fmt.Sprintf("crash at call %d, %v it", n+1, when)
			f := newFactory(t, 21)
			small(f.world)
			f.plan.CrashAt(n+1, when)
			f.live(what)
			require.NotEmpty(t, f.plan.Fired(), what)
			f.requireDone(what)
		}
	}
}

func TestAnyFailingCallOfTheQueueChangesNoAnswer(t *testing.T) {
	ops := []faultplan.Op{opSend, opTake, opExtend, opDelete, recordstest.Get, recordstest.List}
	for _, op := range ops {
		for _, nth := range []int{1, 3} {
			for _, when := range faultplan.Both {
				what := fmt.Sprintf("%v fails from call %d on, %v", op, nth, when)
				f := newFactory(t, 22)
				small(f.world)
				f.plan.FailNth(op, nth, when, nil)
				f.live(what)
				f.requireDone(what)
			}
		}
	}
}

// TestPlanningTwiceSendsOnce plans again while jobs are on the queue, and again
// when a worker is at one of them.
func TestPlanningTwiceSendsOnce(t *testing.T) {
	f := newFactory(t, 23)
	fill(f.world)
	first, err := f.planner().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, compaction.Planned{Tenants: 2, Jobs: 5}, first)
	_, err = f.planner().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5, f.queue.left())
	taken, err := f.jobs.Receive(t.Context(), 1, 0, time.Minute)
	require.NoError(t, err)
	_, err = f.planner().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5, f.queue.left())
	// Beyond the queue's memory the job is sent once more, and done once.
	f.advance(2 * queue.DedupWindow)
	_, err = f.planner().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 10, f.queue.left())
	require.ErrorContains(t, f.worker().Do(t.Context(), taken[0]), "the lease of the job is lost")
	require.Equal(t, 10, f.work(f.worker()))
	require.Equal(t, 5, f.plan.Calls(blockindextest.Insert))
	require.Zero(t, f.queue.left())
	f.requireAnswers("done")
}

// TestManyWorkersAtOnce has workers take the same jobs while planners plan.
func TestManyWorkersAtOnce(t *testing.T) {
	for seed := range uint64(4) {
		f := newFactory(t, 300+seed)
		for range 3 {
			fill(f.world)
			var g errgroup.Group
			for range 3 {
				g.Go(func() error {
					_, err := f.planner().Run(t.Context())
					return err
				})
				w := f.workerOf(forever{})
				g.Go(func() error {
					for range 12 {
						// Visible to the others at once: all of them do each job.
						taken, err := f.jobs.Receive(t.Context(), 1, 0, 0)
						if err != nil {
							return err
						}
						for _, d := range taken {
							if err := w.Do(t.Context(), d); err != nil {
								return err
							}
							_ = f.jobs.Delete(t.Context(), []string{d.Handle})
						}
					}
					return nil
				})
			}
			require.NoError(t, g.Wait())
			f.requireAnswers("at once")
		}
		f.live("later")
		f.requireDone("later")
	}
}

// TestAJobThatAlwaysFailsIsSetAside: an object is lost. Other jobs are done, and
// after the attempts its blocks are left alone until the record expires.
func TestAJobThatAlwaysFailsIsSetAside(t *testing.T) {
	f := newFactory(t, 24)
	fill(f.world)
	bad := f.job()
	key := block.Key("acme", bad.Sources[0].ID)
	body, err := f.mem.Get(t.Context(), key)
	require.NoError(t, err)
	require.NoError(t, f.mem.Delete(t.Context(), key))
	attempts := 0
	for range 12 {
		_, err := f.planner().Run(t.Context())
		require.NoError(t, err)
		taken, err := f.jobs.Receive(t.Context(), 10, 0, 2*time.Minute)
		require.NoError(t, err)
		for _, d := range taken {
			err := f.worker().Do(t.Context(), d)
			if d.DedupID != bad.ID {
				require.NoError(t, err, "others are not held up")
			} else {
				attempts++
			}
			if err == nil {
				require.NoError(t, queue.First(f.jobs.Delete(t.Context(), []string{d.Handle})))
				continue
			}
			require.ErrorIs(t, err, objstore.ErrNotExist)
			again, err := f.jobs.Receive(t.Context(), 1, 0, 0)
			require.NoError(t, err)
			require.Empty(t, again, "it waits")
		}
		f.advance(16 * time.Minute)
	}
	set, err := f.records.List(t.Context(), "acme", compaction.KindParked)
	require.NoError(t, err)
	require.Len(t, set, 1)
	require.Equal(t, bad.ID, set[0].Key)
	var parked compaction.Parked
	require.NoError(t, json.Unmarshal(set[0].Value, &parked))
	require.Equal(t, 5, parked.Attempts)
	require.Contains(t, parked.Error, bad.Sources[0].ID)
	require.Len(t, parked.Sources, 5)
	other, err := f.records.List(t.Context(), "rival", compaction.KindParked)
	require.NoError(t, err)
	require.Empty(t, other)
	require.Zero(t, f.queue.left())
	require.GreaterOrEqual(t, attempts, 5)
	require.Regexp(t, `^\[5 `, f.levels("acme"), "the five are as they were")

	// Somebody brings the object back; when the record expires the job is done.
	require.NoError(t, f.mem.Put(t.Context(), key, body))
	f.live("mended")
	require.Regexp(t, `^\[5 `, f.levels("acme"))
	f.advance(compaction.ParkedFor)
	f.live("expired")
	require.Regexp(t, `^\[0 `, f.levels("acme"))
	f.requireTidy("expired")
}

// TestAJobThatEndsTheProcessIsSetAside: the message comes more often than it may
// be tried, and nobody ever said why.
func TestAJobThatEndsTheProcessIsSetAside(t *testing.T) {
	f := newFactory(t, 25)
	fill(f.world)
	_, err := f.planner().Run(t.Context())
	require.NoError(t, err)
	for range 5 {
		taken, err := f.jobs.Receive(t.Context(), 10, 0, time.Second)
		require.NoError(t, err)
		require.Len(t, taken, 5)
		f.advance(time.Minute)
	}
	taken, err := f.jobs.Receive(t.Context(), 1, 0, time.Minute)
	require.NoError(t, err)
	require.Equal(t, 6, taken[0].Receives)
	require.NoError(t, f.worker().Do(t.Context(), taken[0]))
	set, err := f.records.List(t.Context(), "acme", compaction.KindParked)
	require.NoError(t, err)
	require.Len(t, set, 1)
	require.Equal(t, taken[0].DedupID, set[0].Key)
	require.Contains(t, string(set[0].Value), "no attempt came to an end")
}

// TestTheLeaseIsRenewed lets a job last longer than its lease, and lose it.
func TestTheLeaseIsRenewed(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := newFactory(t, 26)
		fill(f.world)
		_, err := f.planner().Run(t.Context())
		require.NoError(t, err)
		taken, err := f.jobs.Receive(t.Context(), 1, 0, time.Second)
		require.NoError(t, err)
		renew, renewed := make(chan struct{}), make(chan struct{})
		w := compaction.NewWorker(compaction.DefaultWorkerSettings(), compaction.WorkerDeps{
			Compactor: f.compactor(), Leases: f.jobs, Records: f.records, Now: f.clock, Log: slog.New(slog.DiscardHandler),
			Every: func(ctx context.Context, d time.Duration, tick func()) {
				require.Equal(t, 40*time.Second, d)
				<-renew
				tick()
				close(renewed)
			},
		})
		first := true // of the volumes
		f.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
			if c.Op == objstoretest.Put && when == faultplan.Before && first {
				first = false
				f.advance(100 * time.Second)
				if lost {
					f.advance(time.Minute)
				}
				close(renew)
				<-renewed
				f.advance(100 * time.Second)
			}
			return nil
		})
		err = w.Do(t.Context(), taken[0])
		require.Equal(t, lost, err != nil, "%v", err)
		f.plan.SetHook(nil)
		deleted := queue.First(f.jobs.Delete(t.Context(), []string{taken[0].Handle}))
		require.Equal(t, lost, deleted != nil, "%v", deleted)
		f.requireDone("either way")
	}
}

func TestWhatIsNoJobIsDropped(t *testing.T) {
	f := newFactory(t, 27)
	fill(f.world)
	good := `{"v":1,"tenant":"acme","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","level":1,"sources":["01ARZ3NDEKTSV4RRFFQ69G5FAA"],"from":0,"to":1}`
	for name, body := range map[string]string{
		"no JSON": "job", "version": strings.Replace(good, `"v":1`, `"v":2`, 1), "tenant": strings.Replace(good, "acme", "a/b", 1),
		"id": strings.Replace(good, `"id":"0`, `"id":"8`, 1), "no sources": strings.Replace(good, `"01ARZ3NDEKTSV4RRFFQ69G5FAA"`, "", 1),
		"sources that are not there": good,
	} {
		require.NoError(t, f.workerOf(forever{}).Do(t.Context(), queue.Delivery{Message: queue.Message{Body: []byte(body)}, Handle: "h", Receives: 1}), name)
	}
	// A job whose id is not that of its sources is nobody's.
	rows := f.blocks("acme")
	forged := strings.Replace(good, "01ARZ3NDEKTSV4RRFFQ69G5FAA", rows[0].ID, 1)
	forged = strings.Replace(forged, `"to":1`, fmt.Sprintf(`"to":%d`, f.clock().UnixNano()), 1)
	require.NoError(t, f.workerOf(forever{}).Do(t.Context(), queue.Delivery{Message: queue.Message{Body: []byte(forged)}, Handle: "h", Receives: 1}))
	require.Zero(t, f.plan.Calls(objstoretest.Put))
	f.requireAnswers("nothing was done")
}
