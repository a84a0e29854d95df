package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

// start is the beginning of a window.
var start = time.Unix(1_800_000_000, 0)

// world is a record store and the instances of a function at it.
type world struct {
	t         *testing.T
	now       time.Time
	store     *recordstest.Faults
	instances []*ratelimit.Limiter
}

func newWorld(t *testing.T, n int) *world {
	w := &world{t: t, now: start}
	mem := recordstest.NewMem()
	mem.Now = w.clock
	w.store = recordstest.NewFaults(mem)
	for range n {
		w.instances = append(w.instances, w.instance())
	}
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) instance() *ratelimit.Limiter {
	return ratelimit.New(w.store, w.clock, slog.New(slog.DiscardHandler))
}

// take pushes to the instance i.
func (w *world) take(i int, limit ratelimit.Limit, bytes int64) error {
	err := w.instances[i].Take(w.t.Context(), "t", limit, bytes)
	if err != nil {
		var r *ratelimit.Refusal
		require.ErrorAs(w.t, err, &r)
		require.GreaterOrEqual(w.t, r.RetryAfter, time.Second)
	}
	return err
}

var limit = ratelimit.Limit{Rate: 6400, Burst: 10_000} // a chunk is 1000

func TestNoLimit(t *testing.T) {
	w := newWorld(t, 1)
	require.NoError(t, w.take(0, ratelimit.Limit{Burst: 5}, 1<<40))
	require.Zero(t, w.store.Calls())
}

func TestRefusal(t *testing.T) {
	w := newWorld(t, 1)
	require.NoError(t, w.take(0, limit, 10_000))
	err := w.take(0, limit, 8000)
	require.EqualError(t, err, "push rate limit (6.2 KiB) exceeded while adding 7.8 KiB: push again in 2 s")
	var r *ratelimit.Refusal
	require.ErrorAs(t, err, &r)
	require.Equal(t, 2*time.Second, r.RetryAfter)
	w.now = w.now.Add(r.RetryAfter)
	require.NoError(t, w.take(0, limit, 8000), "who waits as told passes")
	w.now = start
	large := ratelimit.Limit{Rate: 4 << 20, Burst: 2 << 20}
	require.NoError(t, w.instances[0].Take(t.Context(), "u", large, 2<<20))
	require.ErrorContains(t, w.instances[0].Take(t.Context(), "u", large, 3460301), "push rate limit (4.0 MiB) exceeded while adding 3.3 MiB")
}

func TestAPushLargerThanTheBurstPassesAndIsPaidBack(t *testing.T) {
	w := newWorld(t, 2)
	require.NoError(t, w.take(0, limit, 50_000))
	require.Error(t, w.take(1, limit, 5000), "another instance knows")
	w.now = w.now.Add(6 * time.Second) // 38 400 of 50 000 are paid
	require.Error(t, w.take(0, limit, 10_000))
	w.now = w.now.Add(2 * time.Second)
	require.NoError(t, w.take(1, limit, 10_000))
}

func TestLittleIsNotCounted(t *testing.T) {
	w := newWorld(t, 1)
	for range 100 {
		for range 9 {
			require.NoError(t, w.take(0, limit, 100))
		}
		w.now = w.now.Add(ratelimit.Window)
	}
	require.Zero(t, w.store.Calls())
}

// TestCounts: how often the store is asked does not depend on how many pushes
// there are.
func TestCounts(t *testing.T) {
	w := newWorld(t, 4)
	for i := range 100_000 { // 10 s
		w.now = start.Add(time.Duration(i) * 100 * time.Microsecond)
		_ = w.take(i%4, limit, 10) // 100 kB/s, 15 times too much
	}
	passed, refused := 64+10+4*2, 4*2*10
	require.LessOrEqual(t, w.store.Calls(), passed+refused)
	require.Greater(t, w.store.Calls(), 64)
}

func TestTenantsDoNotShare(t *testing.T) {
	w := newWorld(t, 1)
	require.NoError(t, w.take(0, limit, 10_000))
	require.Error(t, w.take(0, limit, 10_000))
	require.NoError(t, w.instances[0].Take(t.Context(), "other", limit, 10_000))
}

func TestExhausted(t *testing.T) {
	w := newWorld(t, 1)
	exhausted := func(n int64) error { return w.instances[0].Exhausted("t", limit, n) }
	require.NoError(t, exhausted(1<<40), "nothing is known")
	require.NoError(t, w.take(0, limit, 9000))
	require.NoError(t, exhausted(1000))
	calls := w.store.Calls()
	var r *ratelimit.Refusal
	require.ErrorAs(t, exhausted(5000), &r)
	w.now = w.now.Add(999 * time.Millisecond)
	require.NoError(t, exhausted(5000))
	require.Error(t, exhausted(10_000))
	w.now = w.now.Add(time.Millisecond)
	require.NoError(t, exhausted(10_000), "what was known is old")
	require.NoError(t, w.instances[0].Exhausted("t", ratelimit.Limit{}, 1<<40))
	require.Equal(t, calls, w.store.Calls())
}

func TestFailuresLetThrough(t *testing.T) {
	for _, when := range faultplan.Both {
		w := newWorld(t, 1)
		boom := errors.New("boom")
		w.store.SetHook(func(_ faultplan.Call, at faultplan.When) error {
			if at == when {
				return boom
			}
			return nil
		})
		for range 20 {
			require.NoError(t, w.take(0, limit, 10_000))
		}
		require.Equal(t, 1, w.store.Calls(), "the store is left alone for a while")
		w.now = w.now.Add(time.Second)
		require.NoError(t, w.take(0, limit, 10_000))
		require.Equal(t, 2, w.store.Calls())
		w.store.SetHook(nil)
		w.now = w.now.Add(2 * time.Second)
		passed := 0
		for w.take(0, limit, 1000) == nil {
			passed++
		}
		require.Equal(t, 29, passed, "limited again: 10000 and 3 s of the rate")
	}
}

// hanging is a store that never answers.
type hanging struct{}

func (hanging) Add(ctx context.Context, _ records.Name, _ int64, _ time.Time) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestASlowStoreDoesNotHoldPushesUp(t *testing.T) {
	l := ratelimit.New(hanging{}, time.Now, slog.New(slog.DiscardHandler))
	for range 5 { // the first one waits a moment, the others do not
		require.NoError(t, l.Take(t.Context(), "t", limit, 10_000))
	}
}

func TestConcurrentPushes(t *testing.T) {
	w := newWorld(t, 4)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for range 100 {
				if w.instances[i%4].Take(context.Background(), "t", limit, 100) == nil {
					passed.Add(100)
				}
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, passed.Load(), limit.Burst)
	require.LessOrEqual(t, passed.Load(), limit.Burst+4*int64(limit.Chunk()))
}

func TestManyTenantsAreForgotten(t *testing.T) {
	w := newWorld(t, 1)
	for i := range 25_000 {
		tenant := profile.TenantID(fmt.Sprint(i))
		require.NoError(t, w.instances[0].Take(t.Context(), tenant, limit, 1))
	}
	require.LessOrEqual(t, w.instances[0].Known(), 10_000)
}
