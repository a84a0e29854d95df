package boltqueue

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

func deliveredIDs(ds []queue.Delivery) []string {
	var ids []string
	for _, d := range ds {
		ids = append(ids, d.DedupID)
	}
	return ids
}

// receiveN receives up to n messages.
func receiveN(t *testing.T, q queue.Receiver, n int) []queue.Delivery {
	t.Helper()
	got, err := q.Receive(t.Context(), n, 0, time.Minute)
	require.NoError(t, err)
	return got
}

func TestGroupsTakeTurns(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	for i := range 5 {
		mustSend(t, f, msg("busy", fmt.Sprint("busy", i)))
	}
	mustSend(t, f, msg("g", "g0"), msg("h", "h0"), msg("g", "g1"))
	var order []string
	for range 8 {
		got := receiveN(t, f, 1)
		order = append(order, deliveredIDs(got)...)
		require.Nil(t, f.Delete(t.Context(), []string{got[0].Handle}))
	}
	require.Equal(t, []string{"busy0", "g0", "h0", "busy1", "g1", "busy2", "busy3", "busy4"}, order)
}

func TestOneReceivePrefersOneGroup(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	mustSend(t, f, msg("g", "g0"), msg("h", "h0"), msg("g", "g1"), msg("i", "i0"))
	require.Equal(t, []string{"g0", "g1", "h0"}, deliveredIDs(receiveN(t, f, 3)))
}

// TestScan: groups whose messages are all beyond the scan wait, as with SQS,
// until older messages are gone.
func TestScan(t *testing.T) {
	f := newFixture(t, Options{noSync: true, scan: 3})
	mustSend(t, f, msg("g", "g0"), msg("g", "g1"), msg("h", "h0"), msg("i", "i0"),
		msg("h", "h1"), msg("j", "j0"))
	first := receiveN(t, f, 1)
	require.Equal(t, []string{"g0"}, deliveredIDs(first))
	second := receiveN(t, f, 10)
	require.Equal(t, []string{"h0"}, deliveredIDs(second), "g is locked, i0 and h1 are not among the first 3")
	require.Empty(t, receiveN(t, f, 10))
	require.Nil(t, f.Delete(t.Context(), []string{second[0].Handle}))
	third := receiveN(t, f, 10)
	require.Equal(t, []string{"i0"}, deliveredIDs(third))
	require.Nil(t, f.Delete(t.Context(), []string{first[0].Handle}))
	require.ElementsMatch(t, []string{"g1", "h1"}, deliveredIDs(receiveN(t, f, 10)))
	require.Empty(t, receiveN(t, f, 10))
	f.advance(time.Hour)
	f.crash()
	require.Equal(t, []string{"g1", "i0", "h1"}, deliveredIDs(receiveN(t, f, 10)))
}

func TestRetention(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	mustSend(t, f, msg("g", "pending"), msg("h", "in-flight"))
	receiveN(t, f, 1)
	d := receiveN(t, f, 1)[0]
	require.Equal(t, "in-flight", d.DedupID)
	for range 10 {
		f.advance(10 * time.Hour)
		if f.Stats().Pending == 0 {
			break
		}
	}
	require.Equal(t, Stats{}, f.Stats())
	mustSend(t, f, msg("g", "later"))
	require.Equal(t, []string{"later"}, deliveredIDs(receiveN(t, f, 10)))
	require.ErrorIs(t, queue.First(f.Extend(t.Context(), []string{d.Handle}, time.Minute)), queue.ErrHandle)
	require.Equal(t, 1, keys(t, f.Queue, bucketMessages))

	f.crash() // what grew old while nothing was running
	f.advance(queue.Retention + time.Hour)
	f.crash()
	require.Equal(t, Stats{}, f.Stats())
	mustSend(t, f, msg("g", "last"))
	require.Equal(t, 1, keys(t, f.Queue, bucketMessages))
}

func TestInFlightForTwelveHoursInAll(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	mustSend(t, f, msg("g", "1"))
	d, err := f.Receive(t.Context(), 1, 0, 6*time.Hour)
	require.NoError(t, err)
	h := []string{d[0].Handle}
	f.advance(5 * time.Hour)
	require.ErrorIs(t, queue.First(f.Extend(t.Context(), h, 7*time.Hour+time.Second)), queue.ErrBadEntry)
	require.Nil(t, f.Extend(t.Context(), h, 7*time.Hour))
	f.advance(7*time.Hour - time.Second)
	require.Nil(t, f.Delete(t.Context(), h))
}

func TestReceiveWithoutHiding(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	mustSend(t, f, msg("g", "1"), msg("g", "2"))
	for i := range 3 {
		got, err := f.Receive(t.Context(), 10, 0, 0)
		require.NoError(t, err)
		require.Equal(t, []string{"1", "2"}, deliveredIDs(got))
		require.Equal(t, i+1, got[0].Receives)
		require.ErrorIs(t, queue.First(f.Delete(t.Context(), []string{got[0].Handle})), queue.ErrHandle)
	}
}

func TestOldHandleOfADeletedMessage(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	mustSend(t, f, msg("g", "1"))
	old := receiveN(t, f, 1)[0]
	f.advance(time.Hour)
	require.Nil(t, f.Delete(t.Context(), []string{receiveN(t, f, 1)[0].Handle}))
	require.Nil(t, f.Delete(t.Context(), []string{old.Handle}))
}

func TestStats(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	require.Equal(t, Stats{}, f.Stats())
	start := f.time.Now()
	mustSend(t, f, msg("g", "1"), msg("g", "2"))
	f.advance(time.Second)
	mustSend(t, f, msg("h", "3"))
	d := receiveN(t, f, 1)[0]
	s := f.Stats()
	require.Equal(t, 2, s.Pending)
	require.Equal(t, 1, s.InFlight)
	require.True(t, start.Equal(s.OldestSent))
	require.Nil(t, f.Delete(t.Context(), []string{d.Handle}))
	receiveN(t, f, 1)
	f.advance(time.Hour)
	s = f.Stats()
	require.Equal(t, 2, s.Pending)
	require.Zero(t, s.InFlight)
	require.True(t, start.Equal(s.OldestSent))
}

// TestAWokenReceiveThatGivesUpWakesTheNext: a message must not lie there while
// somebody waits for one.
func TestAWokenReceiveThatGivesUpWakesTheNext(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	f.mu.Lock()
	first, second := f.waiters.join(), f.waiters.join()
	f.index.add(1, "g", f.time.Now().UnixMilli(), 1, 0)
	f.waiters.wake(1)
	f.mu.Unlock()
	<-first.woken
	require.Equal(t, 1, f.waiting(), "both were woken for one group")
	f.quit(first)
	<-second.woken
}

func TestWaitingIsOverAfterTheWait(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := f.Receive(ctx, 1, 10*time.Millisecond, time.Minute)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Zero(t, f.waiting())
}

// TestMemoryOfPendingMessages: a backlog of millions must fit into memory, be
// it in few groups or in as many as there are messages.
func TestMemoryOfPendingMessages(t *testing.T) {
	const n = 1_000_000
	for _, groups := range []int{1000, n} {
		t.Run(fmt.Sprint(groups, " groups"), func(t *testing.T) {
			before := heapBytes()
			ix := newIndex(queue.MaxInFlightPerScan)
			for i := range n {
				ix.add(uint64(i+1), fmt.Sprintf("tenant/%016x", i%groups), int64(i), 13_000, 0)
			}
			perMessage := (heapBytes() - before) / n
			t.Logf("%d bytes a message", perMessage)
			require.Less(t, perMessage, uint64(300))
			require.Equal(t, n, ix.count)
		})
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
