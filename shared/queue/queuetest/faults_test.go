package queuetest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
)

// openQueue returns a real queue and the same one with faults.
func openQueue(t *testing.T) (queue.Queue, *queuetest.Faults) {
	t.Helper()
	q, err := boltqueue.Open(filepath.Join(t.TempDir(), "queue"), boltqueue.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q, queuetest.NewFaults(q)
}

func message(id string) queue.Message {
	return queue.Message{Group: "group-" + id, DedupID: id, Body: []byte(id)}
}

// receive returns what is there, by deduplication id.
func receive(t *testing.T, q queue.Receiver) map[string]string {
	t.Helper()
	got, err := q.Receive(t.Context(), queue.MaxBatch, 0, time.Minute)
	require.NoError(t, err)
	handles := map[string]string{}
	for _, d := range got {
		handles[d.DedupID] = d.Handle
	}
	return handles
}

// TestFaultsKeepTheContract: without faults the decorator is a queue like any.
func TestFaultsKeepTheContract(t *testing.T) {
	_, f := openQueue(t)
	require.ErrorIs(t, queue.First(f.Send(t.Context(), nil)), queue.ErrBadEntry)
	require.Nil(t, f.Send(t.Context(), []queue.Message{message("a"), message("b")}))
	got := receive(t, f)
	require.Len(t, got, 2)
	require.Nil(t, f.Extend(t.Context(), []string{got["a"]}, time.Minute))
	require.Nil(t, f.Delete(t.Context(), []string{got["a"], got["b"]}))
	errs := f.Extend(t.Context(), []string{got["a"]}, time.Minute)
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], queue.ErrHandle)
}

func TestFaultOfSend(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpSend, Nth: 2}) {
		t.Run(fault.String(), func(t *testing.T) {
			q, f := openQueue(t)
			f.Plant(fault)
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("first")}))
			require.Len(t, f.Unfired(), 1)
			errs := f.Send(t.Context(), []queue.Message{message("a"), message("b")})
			require.Len(t, errs, 2)
			require.ErrorIs(t, errs[0], queuetest.ErrInjected)
			require.ErrorIs(t, errs[1], queuetest.ErrInjected)
			require.Empty(t, f.Unfired())
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("third")}))
			want := 2
			if fault.Happened {
				want = 4
			}
			require.Len(t, receive(t, q), want)
			require.Equal(t, 3, f.Calls(queuetest.OpSend))
		})
	}
}

func TestFaultOfOneEntryOfSend(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpSend, Entry: "b"}) {
		t.Run(fault.String(), func(t *testing.T) {
			q, f := openQueue(t)
			f.Plant(fault)
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("x")}))
			errs := f.Send(t.Context(), []queue.Message{message("a"), message("b"), message("c")})
			require.Len(t, errs, 3)
			require.NoError(t, errs[0])
			require.ErrorIs(t, errs[1], queuetest.ErrInjected)
			require.NoError(t, errs[2])
			got := receive(t, q)
			require.Contains(t, got, "a")
			require.Contains(t, got, "c")
			require.Equal(t, fault.Happened, got["b"] != "")
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("b")}))
		})
	}
}

// TestFaultBesideTheQueuesOwnError: the results of the rest stay where they
// belong.
func TestFaultBesideTheQueuesOwnError(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpSend, Entry: "a"}) {
		_, f := openQueue(t)
		f.Plant(fault)
		bad := message("bad")
		bad.Body = nil
		errs := f.Send(t.Context(), []queue.Message{message("a"), message("b"), bad})
		require.ErrorIs(t, errs[0], queuetest.ErrInjected)
		require.NoError(t, errs[1])
		require.ErrorIs(t, errs[2], queue.ErrBadEntry)
	}
}

func TestFaultOfReceive(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpReceive}) {
		t.Run(fault.String(), func(t *testing.T) {
			q, f := openQueue(t)
			f.Plant(fault)
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("a")}))
			got, err := f.Receive(t.Context(), 1, 0, time.Minute)
			require.ErrorIs(t, err, queuetest.ErrInjected)
			require.Empty(t, got)
			require.Equal(t, fault.Happened, len(receive(t, q)) == 0)
		})
	}
}

func TestFaultOfDelete(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpDelete, Entry: "a"}) {
		t.Run(fault.String(), func(t *testing.T) {
			q, f := openQueue(t)
			f.Plant(fault)
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("a"), message("b")}))
			got := receive(t, f)
			errs := f.Delete(t.Context(), []string{got["a"], got["b"]})
			require.ErrorIs(t, errs[0], queuetest.ErrInjected)
			require.NoError(t, errs[1])
			there := q.Extend(t.Context(), []string{got["a"]}, time.Minute) == nil
			require.Equal(t, !fault.Happened, there)
			require.Nil(t, f.Delete(t.Context(), []string{got["a"]}))
		})
	}
}

func TestFaultOfExtend(t *testing.T) {
	for _, fault := range queuetest.Twins(queuetest.Fault{Op: queuetest.OpExtend}) {
		t.Run(fault.String(), func(t *testing.T) {
			q, f := openQueue(t)
			f.Plant(fault)
			require.Nil(t, f.Send(t.Context(), []queue.Message{message("a")}))
			got := receive(t, f)
			errs := f.Extend(t.Context(), []string{got["a"]}, 0)
			require.Len(t, errs, 1)
			require.ErrorIs(t, errs[0], queuetest.ErrInjected)
			require.Equal(t, fault.Happened, len(receive(t, q)) == 1)
		})
	}
}

func TestFaultThatLasts(t *testing.T) {
	_, f := openQueue(t)
	down := errors.New("queue is down")
	f.Plant(queuetest.Fault{Op: queuetest.OpSend, Nth: 2, Always: true, Err: down})
	require.Nil(t, f.Send(t.Context(), []queue.Message{message("a")}))
	for range 3 {
		require.ErrorIs(t, queue.First(f.Send(t.Context(), []queue.Message{message("b")})), down)
	}
	f.Clear()
	require.Nil(t, f.Send(t.Context(), []queue.Message{message("b")}))
}

func TestHooks(t *testing.T) {
	q, f := openQueue(t)
	var before, after []queuetest.Call
	f.Before(func(_ context.Context, c queuetest.Call) { before = append(before, c) })
	f.After(func(_ context.Context, c queuetest.Call) {
		after = append(after, c)
		if c.Op == queuetest.OpSend { // hooks may use the queue
			require.Len(t, receive(t, q), 1)
		}
	})
	f.Plant(queuetest.Fault{Op: queuetest.OpSend, Happened: true})
	f.Send(t.Context(), []queue.Message{message("a")})
	_, err := f.Receive(t.Context(), 1, 0, time.Minute)
	require.NoError(t, err)
	f.Delete(t.Context(), []string{"no handle"})

	require.Len(t, before, 3)
	require.Equal(t, queuetest.OpSend, before[0].Op)
	require.Equal(t, []queue.Message{message("a")}, before[0].Batch)
	require.Nil(t, before[0].Errs)
	require.Len(t, after, 3)
	require.ErrorIs(t, after[0].Errs[0], queuetest.ErrInjected)
	require.Equal(t, 1, after[1].N)
	require.Equal(t, time.Minute, after[1].Visibility)
	require.Equal(t, []string{"no handle"}, after[2].Handles)
	require.ErrorIs(t, after[2].Errs[0], queue.ErrHandle)
}
