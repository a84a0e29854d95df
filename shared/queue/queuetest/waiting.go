package queuetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// answer is what a Receive returned.
type answer struct {
	got []queue.Delivery
	err error
}

var waitChecks = []check{
	{"no message is no error", func(c *contract) {
		for _, wait := range []time.Duration{0, time.Second} {
			got, err := c.q.Receive(c.ctx, 1, wait, long)
			require.NoError(c.t, err)
			require.Empty(c.t, got)
		}
	}},
	{"a waiting Receive gets a message that is sent", func(c *contract) {
		// If it were not woken up it would look after MaxWait, or never.
		ctx, cancel := context.WithTimeout(c.ctx, queue.MaxWait*3/4)
		defer cancel()
		answers := c.waiting(ctx, 1)
		c.send(msg("g", "1"))
		a := <-answers
		require.NoError(c.t, a.err)
		require.Equal(c.t, []string{"1"}, ids(a.got))
	}},
	{"a waiting Receive gets a message whose timeout ends", func(c *contract) {
		c.send(msg("g", "1"))
		c.receiveOne("1", short)
		ctx, cancel := context.WithTimeout(c.ctx, queue.MaxWait*3/4)
		defer cancel()
		answers := c.waiting(ctx, 1)
		c.advance(overShort)
		a := <-answers
		require.NoError(c.t, a.err)
		require.Equal(c.t, []string{"1"}, ids(a.got))
		require.Equal(c.t, 2, a.got[0].Receives)
	}},
	{"a waiting Receive gets what a Delete sets free", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		d := c.receiveOne("1", long)
		ctx, cancel := context.WithTimeout(c.ctx, queue.MaxWait*3/4)
		defer cancel()
		answers := c.waiting(ctx, 1)
		c.delete(d)
		a := <-answers
		require.NoError(c.t, a.err)
		require.Equal(c.t, []string{"2"}, ids(a.got))
	}},
	{"a waiting Receive gets what an Extend to 0 sets free", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", long)
		ctx, cancel := context.WithTimeout(c.ctx, queue.MaxWait*3/4)
		defer cancel()
		answers := c.waiting(ctx, 1)
		c.extend(0, d)
		a := <-answers
		require.NoError(c.t, a.err)
		require.Equal(c.t, []string{"1"}, ids(a.got))
	}},
	{"each of several waiting Receives gets its message", func(c *contract) {
		ctx, cancel := context.WithTimeout(c.ctx, queue.MaxWait*3/4)
		defer cancel()
		answers := c.waiting(ctx, 3)
		c.send(msg("g", "1"))
		c.send(msg("h", "2"))
		c.send(msg("i", "3"))
		for got := 0; got < 3; {
			a := <-answers
			require.NoError(c.t, a.err)
			require.NotEmpty(c.t, a.got)
			if got += len(a.got); got == 3 {
				cancel() // one may have received two of them
			}
		}
	}},
	{"a cancelled context ends the waiting with an error", func(c *contract) {
		ctx, cancel := context.WithCancel(c.ctx)
		answers := c.waiting(ctx, 1)
		cancel()
		a := <-answers
		require.Error(c.t, a.err)
		require.Empty(c.t, a.got)
		c.send(msg("g", "1"))
		c.advance(time.Second) // for a queue that goes on waiting for who has gone
		require.Equal(c.t, 1, c.receiveOne("1", long).Receives)
	}},
	{"with a cancelled context there is no waiting", func(c *contract) {
		ctx, cancel := context.WithCancel(c.ctx)
		cancel()
		got, err := c.q.Receive(ctx, 1, queue.MaxWait, long)
		require.Error(c.t, err)
		require.Empty(c.t, got)
	}},
}

// waiting starts n Receives that wait, and gives them time to begin if it
// cannot see that they have.
func (c *contract) waiting(ctx context.Context, n int) <-chan answer {
	c.t.Helper()
	answers := make(chan answer, n)
	for range n {
		go func() {
			got, err := c.q.Receive(ctx, queue.MaxBatch, queue.MaxWait, long)
			answers <- answer{got, err}
		}()
	}
	if c.h.Waiting == nil {
		time.Sleep(300 * time.Millisecond)
		return answers
	}
	require.Eventually(c.t, func() bool { return c.h.Waiting() == n }, 10*time.Second, time.Millisecond)
	return answers
}
