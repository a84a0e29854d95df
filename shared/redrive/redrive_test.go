package redrive_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/redrive"
)

// world has two queues and a clock.
type world struct {
	now         time.Time
	letters, to *queuetest.Mem
}

func newWorld(t *testing.T, letters ...queue.Message) *world {
	t.Helper()
	w := &world{now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { return w.now }
	w.letters, w.to = queuetest.NewMem(clock), queuetest.NewMem(clock)
	for _, m := range letters {
		require.Nil(t, w.letters.Send(t.Context(), []queue.Message{m}))
	}
	return w
}

func someLetters(n int) (list []queue.Message) {
	for i := range n {
		list = append(list, queue.Message{Group: fmt.Sprint("g", i%3), DedupID: fmt.Sprint("d", i), Body: []byte{byte(i)}})
	}
	return list
}

// queued takes all off the queue: bodies by group, in order.
func queued(t *testing.T, q queue.Queue) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for {
		ds, err := q.Receive(t.Context(), queue.MaxBatch, 0, time.Minute)
		require.NoError(t, err)
		if len(ds) == 0 {
			return got
		}
		var handles []string
		for _, d := range ds {
			require.Greater(t, d.Receives, 1, "it may have been processed before it became a dead letter")
			got[d.Group] += string(d.Body)
			handles = append(handles, d.Handle)
		}
		require.Nil(t, q.Delete(t.Context(), handles))
	}
}

func TestMovesAllInTheOrderOfTheirGroups(t *testing.T) {
	w := newWorld(t, someLetters(25)...)
	var told []redrive.Counts
	m := redrive.Mover{From: w.letters, To: w.to, Progress: func(c redrive.Counts) { told = append(told, c) }}
	counts, err := m.Move(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, redrive.Counts{Moved: 25}, counts)
	require.Equal(t, counts, told[len(told)-1])
	require.Zero(t, w.letters.Len())
	want := make(map[string]string)
	for _, l := range someLetters(25) {
		want[l.Group] += string(l.Body)
	}
	require.Equal(t, want, queued(t, w.to))
}

func TestMovesNoMoreThanTheLimit(t *testing.T) {
	w := newWorld(t, someLetters(25)...)
	counts, err := (&redrive.Mover{From: w.letters, To: w.to}).Move(t.Context(), 12)
	require.NoError(t, err)
	require.Equal(t, 12, counts.Moved)
	require.Equal(t, 13, w.letters.Len())
}

func TestLargeLettersTravelApart(t *testing.T) {
	var large []queue.Message
	for i := range 5 {
		large = append(large, queue.Message{Group: "g", DedupID: fmt.Sprint(i), Body: bytes.Repeat([]byte{byte('a' + i)}, 700<<10)})
	}
	w := newWorld(t, large...)
	counts, err := (&redrive.Mover{From: w.letters, To: w.to}).Move(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, 5, counts.Moved)
	require.Equal(t, 5, w.to.Len())
}

// A dead letter whose original was sent a moment ago, and one that dies again at
// once, are no duplicates of themselves.
func TestNothingIsTakenForADuplicateOfItself(t *testing.T) {
	one := queue.Message{Group: "g", DedupID: "d", Body: []byte("body")}
	w := newWorld(t, one)
	require.Nil(t, w.to.Send(t.Context(), []queue.Message{one}))
	for range 3 {
		ds, err := w.to.Receive(t.Context(), 1, 0, time.Minute)
		require.NoError(t, err)
		require.Len(t, ds, 1)
		require.Nil(t, w.to.Delete(t.Context(), []string{ds[0].Handle}))
		// As SQS does when it has been received too often.
		w.letters = queuetest.NewMem(func() time.Time { return w.now })
		require.Nil(t, w.letters.Send(t.Context(), []queue.Message{ds[0].Message}))
		counts, err := (&redrive.Mover{From: w.letters, To: w.to}).Move(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, 1, counts.Moved)
		require.Equal(t, 1, w.to.Len())
		w.now = w.now.Add(time.Second)
	}
}

// After any fault at any call the next attempt moves the rest, and every letter
// is on the queue once.
func TestFaults(t *testing.T) {
	for _, op := range []queuetest.Op{queuetest.OpReceive, queuetest.OpSend, queuetest.OpDelete} {
		for _, entry := range []string{"", "d4"} {
			if entry != "" && op != queuetest.OpDelete {
				continue
			}
			for nth := 1; nth <= 3; nth++ {
				for _, fault := range queuetest.Twins(queuetest.Fault{Op: op, Entry: entry, Nth: nth}) {
					t.Run(fault.String(), func(t *testing.T) { survives(t, fault) })
				}
			}
		}
	}
}

func survives(t *testing.T, fault queuetest.Fault) {
	w := newWorld(t, someLetters(25)...)
	from, to := queuetest.NewFaults(w.letters), queuetest.NewFaults(w.to)
	if fault.Op == queuetest.OpSend {
		to.Plant(fault)
	} else {
		from.Plant(fault)
	}
	m := redrive.Mover{From: from, To: to}
	_, first := m.Move(t.Context(), 0)
	for range 3 {
		w.now = w.now.Add(2*time.Minute + time.Second) // what was in flight is free
		_, err := m.Move(t.Context(), 0)
		require.NoError(t, err)
	}
	if fault.Entry == "" {
		require.ErrorIs(t, first, queuetest.ErrInjected)
	}
	require.Zero(t, w.letters.Len())
	require.Equal(t, 25, w.to.Len())
}

// stopping ends a context when a Send has taken place.
type stopping struct {
	queue.Queue
	stop context.CancelFunc
}

func (s stopping) Send(ctx context.Context, batch []queue.Message) []error {
	defer s.stop()
	return s.Queue.Send(ctx, batch)
}

func TestWhoStopsItAfterASendWaitsForTheDelete(t *testing.T) {
	w := newWorld(t, someLetters(25)...)
	ctx, stop := context.WithCancel(t.Context())
	counts, err := (&redrive.Mover{From: w.letters, To: stopping{w.to, stop}}).Move(ctx, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, redrive.Counts{Moved: 10}, counts)
	require.Equal(t, 15, w.letters.Len())
	require.Equal(t, 10, w.to.Len())
}
