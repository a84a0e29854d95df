package queuetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Visibility timeouts in whole seconds, as SQS wants them.
const (
	short = 2 * time.Second // ends within a check, if advanced by overShort
	long  = time.Minute     // does not end by itself while a check runs

	overShort = short + 500*time.Millisecond
)

// contract is what the checks have at hand.
type contract struct {
	t   *testing.T
	h   Harness
	q   queue.Queue
	ctx context.Context
}

func newContract(t *testing.T, h Harness) *contract {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return &contract{t: t, h: h, q: h.Queue, ctx: ctx}
}

// advance lets time pass for the queue.
func (c *contract) advance(d time.Duration) {
	if c.h.Advance != nil {
		c.h.Advance(d)
		return
	}
	time.Sleep(d)
}

// reopen goes on with the queue as after the loss of the process.
func (c *contract) reopen() {
	if c.h.Reopen != nil {
		c.q = c.h.Reopen()
	}
}

// wait is d for a real service and 0 for a queue that answers at once.
func (c *contract) wait(d time.Duration) time.Duration {
	if c.h.Advance != nil {
		return 0
	}
	return d
}

// msg is a message with a body of its own.
func msg(group, id string) queue.Message {
	return queue.Message{Group: group, DedupID: id, Body: []byte("body of " + group + "/" + id)}
}

// msgs are messages of one group.
func msgs(group string, ids ...string) []queue.Message {
	var batch []queue.Message
	for _, id := range ids {
		batch = append(batch, msg(group, id))
	}
	return batch
}

// send sends what must succeed.
func (c *contract) send(batch ...queue.Message) {
	c.t.Helper()
	require.Nil(c.t, c.q.Send(c.ctx, batch))
}

// receive is one Receive, that must find something.
func (c *contract) receive(limit int, visibility time.Duration) []queue.Delivery {
	c.t.Helper()
	got, err := c.q.Receive(c.ctx, limit, c.wait(10*time.Second), visibility)
	require.NoError(c.t, err)
	require.NotEmpty(c.t, got, "no message was free")
	require.LessOrEqual(c.t, len(got), limit)
	return got
}

// receiveOne receives the message with that id.
func (c *contract) receiveOne(id string, visibility time.Duration) queue.Delivery {
	c.t.Helper()
	got := c.receive(1, visibility)
	require.Equal(c.t, id, got[0].DedupID)
	return got[0]
}

// nothing checks that no message is free.
func (c *contract) nothing() {
	c.t.Helper()
	got, err := c.q.Receive(c.ctx, queue.MaxBatch, c.wait(time.Second), long)
	require.NoError(c.t, err)
	require.Empty(c.t, ids(got), "messages that must not be free")
}

// drain receives and deletes n messages and checks that there are no more.
func (c *contract) drain(n int) []queue.Delivery {
	c.t.Helper()
	var all []queue.Delivery
	for len(all) < n {
		got := c.receive(queue.MaxBatch, long)
		c.delete(got...)
		all = append(all, got...)
	}
	require.Len(c.t, all, n)
	c.nothing()
	return all
}

// delete deletes what must succeed.
func (c *contract) delete(ds ...queue.Delivery) {
	c.t.Helper()
	require.Nil(c.t, c.q.Delete(c.ctx, handles(ds...)))
}

// extend extends what must succeed.
func (c *contract) extend(visibility time.Duration, ds ...queue.Delivery) {
	c.t.Helper()
	require.Nil(c.t, c.q.Extend(c.ctx, handles(ds...), visibility))
}

// refused checks that a whole call of n entries was refused as bad.
func (c *contract) refused(n int, errs []error) {
	c.t.Helper()
	require.Len(c.t, errs, n)
	for _, err := range errs {
		require.ErrorIs(c.t, err, queue.ErrBadEntry)
	}
}

// notInFlight checks that neither Delete nor Extend takes the handle.
func (c *contract) notInFlight(d queue.Delivery) {
	c.t.Helper()
	errs := c.q.Delete(c.ctx, handles(d))
	require.Len(c.t, errs, 1, "Delete of a handle that is not in flight")
	require.ErrorIs(c.t, errs[0], queue.ErrHandle)
	errs = c.q.Extend(c.ctx, handles(d), long)
	require.Len(c.t, errs, 1, "Extend of a handle that is not in flight")
	require.ErrorIs(c.t, errs[0], queue.ErrHandle)
}

func handles(ds ...queue.Delivery) []string {
	var hs []string
	for _, d := range ds {
		hs = append(hs, d.Handle)
	}
	return hs
}

// ids are the deduplication ids, in order.
func ids(ds []queue.Delivery) []string {
	list := []string{}
	for _, d := range ds {
		list = append(list, d.DedupID)
	}
	return list
}

// ofGroup keeps the deliveries of one group, in order.
func ofGroup(ds []queue.Delivery, group string) []queue.Delivery {
	return slices.DeleteFunc(slices.Clone(ds), func(d queue.Delivery) bool { return d.Group != group })
}
