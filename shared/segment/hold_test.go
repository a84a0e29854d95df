package segment_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// slowCall lets the n-th call of op take so long, before it takes place or
// after, and lets another drainer run meanwhile.
func (w *world) slowCall(t *testing.T, op faultplan.Op, n int, when faultplan.When, long time.Duration) {
	var once sync.Once
	w.plan.SetHook(func(c faultplan.Call, at faultplan.When) error {
		if c.Op == op && c.N == n && at == when {
			once.Do(func() {
				w.advance(long)
				_, err := w.drainer().Run(t.Context())
				require.NoError(t, err)
			})
		}
		return nil
	})
}

// TestASlowFlushAndASecondDrainer lets each kind of call take longer than a half
// and than all of the visibility timeout, while another drainer gets whatever is
// visible again.
func TestASlowFlushAndASecondDrainer(t *testing.T) {
	visibility := settings().Visibility
	inTime := visibility / 4 // a call is given up after this
	for _, op := range []faultplan.Op{
		objstoretest.Put, objstoretest.Get, objstoretest.Delete, blockindextest.Insert, "queue.Receive", "queue.Delete", "queue.Extend",
	} {
		for _, long := range []time.Duration{inTime, visibility * 2 / 3, visibility + time.Second, 3 * visibility} {
			for _, when := range faultplan.Both {
				if op == blockindextest.Insert && when == faultplan.Before && long > inTime {
					continue // its context has ended: it does not take place any more
				}
				for n := range 6 {
					refused := n%2 == 1 // and it cannot hide its messages for longer
					n = n/2 + 1
					if op == "queue.Receive" && n > 1 {
						continue // a flush may be under way, in which calls would be given up
					}
					what := fmt.Sprintf("call %d of %v takes %v longer, %v it took place, Extend refused: %v", n, op, long, when, refused)
					w := newWorld(t)
					fill(w)
					w.slowCall(t, op, n, when, long)
					for range 30 {
						if refused {
							w.plan.FailNext("queue.Extend", faultplan.Before, nil)
						}
					}
					_, _ = w.drainer().Run(t.Context()) // what it lost it says
					w.settle(t, what)
					w.requireAllStoredOnce(t, what)
				}
			}
		}
	}
}

// TestASlowFlushHidesItsMessagesForLonger: nobody else gets them, and the flush
// is good.
func TestASlowFlushHidesItsMessagesForLonger(t *testing.T) {
	w := newWorld(t)
	for i := range 8 {
		w.push("acme", int64(1)<<i, false)
	}
	hidden := 0
	w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
		switch {
		case c.Op == objstoretest.Put && when == faultplan.After:
			w.advance(settings().Visibility * 2 / 3)
		case c.Op == blockindextest.Insert && when == faultplan.Before:
			w.advance(settings().Visibility / 2) // beyond the first timeout
			ds, err := w.queue.Receive(t.Context(), queue.MaxBatch, 0, time.Second)
			require.NoError(t, err)
			require.Empty(t, ds)
			hidden++
		}
		return nil
	})
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, hidden)
	require.Equal(t, 8, stats.Messages)
	require.Equal(t, 1, stats.Segments)
	require.Equal(t, 1, w.plan.Calls("queue.Extend"))
	w.requireAllStoredOnce(t, "slow flush")
	require.Equal(t, queueEmpty, w.queueState())
}

// TestWhatIsNotHeldIsNotWritten: a flush that was stopped for longer than the
// visibility timeout leaves its messages to others.
func TestWhatIsNotHeldIsNotWritten(t *testing.T) {
	w := newWorld(t)
	for i := range 8 {
		w.push("acme", int64(1)<<i, false)
	}
	slow := true
	w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
		if c.Op == objstoretest.Put && when == faultplan.After && slow {
			slow = false
			w.advance(settings().Visibility + time.Second)
		}
		return nil
	})
	stats, err := w.drainer().Run(t.Context())
	require.ErrorContains(t, err, "not held any more")
	require.Equal(t, 8, stats.Failed)
	require.Zero(t, w.plan.Calls(blockindextest.Insert))
	stats, err = w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 8, stats.Messages)
	require.Zero(t, stats.Duplicates)
	w.requireAllStoredOnce(t, "not held")
}

// TestAPushAfterTheDeduplicationWindowIsDropped: a client that sends a profile
// again, minutes later, sends a new message.
func TestAPushAfterTheDeduplicationWindowIsDropped(t *testing.T) {
	for _, merged := range []bool{false, true} {
		w := newWorld(t)
		e := w.push("acme", 5, false)
		large := w.push("acme", 9, true)
		body, err := w.mem.Get(t.Context(), large.Key)
		require.NoError(t, err)
		w.settle(t, "first")
		w.advance(queue.DedupWindow)
		if merged {
			w.merge("acme")
		}
		e.ReceivedAt = w.clock().UnixMilli()
		large.ReceivedAt = w.clock().UnixMilli()
		require.NoError(t, w.mem.Put(t.Context(), large.Key, body))
		w.send(e)
		w.send(large)
		w.push("acme", 16, false)
		stats, err := w.drainer().Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, stats.Duplicates)
		w.requireAllStoredOnce(t, "again")
		require.Empty(t, w.keys("acme/inbox/"))
	}
}

// TestManyDrainersOnOneQueue run at once, and each profile is stored once.
func TestManyDrainersOnOneQueue(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.push("acme", int64(1)<<i, i%8 == 0)
	}
	var drainers sync.WaitGroup
	for range 4 {
		d := w.drainer()
		drainers.Go(func() { _, _ = d.Run(t.Context()) })
	}
	drainers.Wait()
	w.settle(t, "at once")
	w.requireAllStoredOnce(t, "at once")
}

// TestALongGroupIsNotWaitedFor: a group hands out ten messages at a time, so to
// gather for the whole interval would take six intervals here.
func TestALongGroupIsNotWaitedFor(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.n = 5 * i // the group follows from it
		w.push("acme", int64(1)<<i, false)
	}
	before := w.clock()
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 60, stats.Messages)
	require.Less(t, w.clock().Sub(before), 4*settings().FlushInterval)
	w.requireAllStoredOnce(t, "long group")
}

// deadline is a context with a deadline by the clock of the world.
type deadline struct {
	context.Context
	at time.Time
}

func (d deadline) Deadline() (time.Time, bool) { return d.at, true }

// TestGatheringEndsBeforeTheDeadline: what was gathered must be written before
// the function is stopped.
func TestGatheringEndsBeforeTheDeadline(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		14 * time.Second: 7 * time.Second, 25 * time.Second: 15 * time.Second, time.Hour: settings().DrainTime,
	} {
		w := newWorld(t)
		w.advance(100 * 365 * 24 * time.Hour) // for contexts go by the real clock
		start := w.clock()
		var pushing sync.Mutex
		w.plan.SetHook(func(c faultplan.Call, when faultplan.When) error {
			if c.Op == "queue.Receive" && when == faultplan.Before {
				pushing.Lock()
				defer pushing.Unlock()
				w.push(profile.TenantID(fmt.Sprint("t", w.n)), 1, false) // there is always more
				w.advance(100 * time.Millisecond)
			}
			return nil
		})
		var last time.Time
		d := w.drainer()
		d.Queue = receiveTimes{d.Queue, func() {
			pushing.Lock()
			defer pushing.Unlock()
			last = w.clock()
		}}
		_, _ = d.Run(deadline{t.Context(), start.Add(left)})
		require.LessOrEqual(t, last.Sub(start), want+time.Second, "with %v left", left)
		require.Greater(t, last.Sub(start), want/2, "with %v left", left)
	}
}

// receiveTimes tells when messages are received.
type receiveTimes struct {
	queue.Receiver
	tell func()
}

func (r receiveTimes) Receive(ctx context.Context, max int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	r.tell()
	return r.Receiver.Receive(ctx, max, wait, visibility)
}
