package segment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// fill pushes profiles of two tenants, some of them by way of the store.
func fill(w *world) {
	for i := range 24 {
		w.push("acme", int64(1)<<i, i%8 == 0)
		if i%3 == 0 {
			w.push("rival", int64(1)<<i, false)
		}
	}
}

func (w *world) requireAllStoredOnce(t *testing.T, what string) {
	for tenant, want := range w.sent {
		// Every value has bits of its own: a sum that is right has no profile
		// twice and none lost.
		require.Equal(t, want, w.stored(tenant), "%s: tenant %s", what, tenant)
	}
}

func TestRunStoresEveryProfileOnce(t *testing.T) {
	w := newWorld(t)
	fill(w)
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 32, stats.Messages)
	require.Equal(t, int64(64), stats.Profiles, "two series each")
	require.Zero(t, stats.Duplicates+stats.Poison+stats.Failed)
	require.GreaterOrEqual(t, stats.Segments, 2, "at least one for each tenant; groups of which a part is in flight wait for the next flush")
	w.requireAllStoredOnce(t, "run")
	require.Equal(t, queueEmpty, w.queueState())
	require.Empty(t, w.keys("acme/inbox/"), "what messages pointed at is gone")
	require.Len(t, append(w.keys("acme/"), w.keys("rival/")...), stats.Segments)

	stats, err = w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats)
}

const queueEmpty = "0 messages"

func (w *world) queueState() string { return fmt.Sprintf("%d messages", w.queue.Len()) }

// settle runs drainers until the queue is empty, letting the visibility
// timeout pass between them.
func (w *world) settle(t *testing.T, what string) {
	for range 12 {
		_, _ = w.drainer().Run(t.Context())
		if w.queueState() == queueEmpty {
			return
		}
		w.advance(settings().Visibility + time.Second)
	}
	require.Equal(t, queueEmpty, w.queueState(), what)
}

// countCalls returns how many calls a run without faults makes.
func countCalls(t *testing.T) int {
	w := newWorld(t)
	fill(w)
	_, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	return w.plan.Calls()
}

// TestDyingAtAnyCallLosesAndDoublesNothing lets the process die at each call
// that it makes to the queue, the store and the index: before the call took
// place, and after it did but before its answer.
func TestDyingAtAnyCallLosesAndDoublesNothing(t *testing.T) {
	calls := countCalls(t)
	require.Greater(t, calls, 10)
	for n := range calls {
		for _, when := range faultplan.Both {
			what := fmt.Sprintf("crash at call %d, %v it", n+1, when)
			w := newWorld(t)
			fill(w)
			w.plan.CrashAt(n+1, when)
			_, _ = w.drainer().Run(t.Context())
			w.plan.Revive()
			w.advance(settings().Visibility + time.Second)
			w.settle(t, what)
			w.requireAllStoredOnce(t, what)
		}
	}
}

// TestAnyFailingCallLosesAndDoublesNothing lets single calls fail, with and
// without effect, while the process goes on.
func TestAnyFailingCallLosesAndDoublesNothing(t *testing.T) {
	ops := []faultplan.Op{
		objstoretest.Put, objstoretest.Get, objstoretest.GetRange, objstoretest.Delete,
		blockindextest.Insert, blockindextest.Find, "queue.Receive", "queue.Delete",
	}
	for _, op := range ops {
		for n := 1; n <= 4; n++ {
			for _, times := range []int{1, 3, 7} { // a retry helps, does not, and not even the next run does
				for _, when := range faultplan.Both {
					what := fmt.Sprintf("%v fails %d times from call %d on, %v", op, times, n, when)
					w := newWorld(t)
					fill(w)
					for i := range times {
						w.plan.FailNth(op, n+i, when, nil)
					}
					w.settle(t, what)
					w.requireAllStoredOnce(t, what)
				}
			}
		}
	}
}

func TestARedeliveredMessageIsDropped(t *testing.T) {
	w := newWorld(t)
	for i := range 8 { // one Receive takes them all
		w.push("acme", int64(1)<<i, i == 0)
	}
	for range 5 {
		w.plan.FailNext("queue.Delete", faultplan.Before, nil)
	}
	_, err := w.drainer().Run(t.Context())
	require.ErrorIs(t, err, faultplan.ErrFault)
	w.requireAllStoredOnce(t, "committed, not deleted")
	w.plan.Revive()
	w.advance(settings().Visibility + time.Second)
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Positive(t, stats.Duplicates)
	require.Zero(t, stats.Segments)
	w.requireAllStoredOnce(t, "redelivered")
	require.Equal(t, queueEmpty, w.queueState())
}

func TestTheSameProfileTwiceInAFlushCountsOnce(t *testing.T) {
	w := newWorld(t)
	e := w.push("acme", 5, false)
	w.send(e) // as after the deduplication window
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, stats.Duplicates)
	w.requireAllStoredOnce(t, "twice")
}

func TestPoisonIsSetAside(t *testing.T) {
	w := newWorld(t)
	w.push("acme", 1, false)
	bad := func(id, body string) {
		require.NoError(t, queue.First(w.queue.Send(t.Context(), []queue.Message{{Group: "g1", DedupID: id, Body: []byte(body)}})))
	}
	bad("1", "garbage")
	e := &envelope.Envelope{Tenant: "acme", ID: profile.ID{1}, Packed: w.codec.Pack([]byte("not a pprof\xff"))}
	bad("2", string(e.Append(nil)))
	e = &envelope.Envelope{Tenant: "acme", ID: profile.ID{2}, Key: envelope.Key("acme", profile.ID{2})}
	bad("3", string(e.Append(nil)))
	w.push("acme", 2, false)
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, stats.Poison)
	require.Equal(t, queueEmpty, w.queueState(), "it blocks nothing")
	w.requireAllStoredOnce(t, "beside poison")
	require.Len(t, w.keys("~unknown/poison/"), 1)
	require.Len(t, w.keys("acme/poison/"), 2)
	kept, err := w.mem.Get(t.Context(), w.keys("~unknown/poison/")[0])
	require.NoError(t, err)
	require.Equal(t, "garbage", string(kept))
}

func TestMessagesAreGatheredForTheFlushInterval(t *testing.T) {
	w := newWorld(t)
	fill(w)
	d := w.drainer()
	before := w.clock()
	_, err := d.Run(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, w.clock().Sub(before), settings().FlushInterval, "gathers as long as the interval says")
}

// TestProfilesOfManyDaysBecomeSeveralSegments: the index takes no row that
// spans more than a day.
func TestProfilesOfManyDaysBecomeSeveralSegments(t *testing.T) {
	w := newWorld(t)
	for i := range 8 {
		w.pushAt("acme", int64(1)<<i, w.clock().Add(-time.Duration(i*17%8)*20*time.Hour), false)
	}
	w.settle(t, "days")
	w.requireAllStoredOnce(t, "days")
	require.GreaterOrEqual(t, len(w.keys("acme/blocks/")), 8)
}

// TestAMessageIsRecognisedInWhatItWasMergedInto: by the time it is received
// again its segment may be gone.
func TestAMessageIsRecognisedInWhatItWasMergedInto(t *testing.T) {
	w := newWorld(t)
	for i := range 8 {
		w.push("acme", int64(1)<<i, false)
	}
	for range 5 {
		w.plan.FailNext("queue.Delete", faultplan.Before, nil)
	}
	_, err := w.drainer().Run(t.Context())
	require.ErrorIs(t, err, faultplan.ErrFault)
	w.plan.Revive()
	w.merge("acme")
	w.advance(time.Hour)
	stats, err := w.drainer().Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 8, stats.Duplicates)
	w.requireAllStoredOnce(t, "merged meanwhile")
}
