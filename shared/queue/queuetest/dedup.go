package queuetest

import (
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var dedupChecks = []check{
	{"a message sent again is accepted and not delivered", func(c *contract) {
		c.send(msg("g", "1"))
		again := msg("g", "1")
		again.Body = []byte("other body")
		c.send(again)
		require.Equal(c.t, msg("g", "1"), c.drain(1)[0].Message)
	}},
	{"a message sent twice in one Send is accepted and delivered once", func(c *contract) {
		c.send(msg("g", "1"), msg("g", "2"), msg("g", "1"))
		require.Equal(c.t, []string{"1", "2"}, ids(c.drain(2)))
	}},
	{"a message sent again while the first one is in flight is not delivered", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", long)
		c.send(msg("g", "1"))
		c.delete(d)
		c.nothing()
	}},
	{"a message sent again after the first one was deleted is not delivered", func(c *contract) {
		c.send(msg("g", "1"))
		c.drain(1)
		c.send(msg("g", "1"))
		c.nothing()
	}},
	{"deduplication ids are those of a group", func(c *contract) {
		// Not told apart by an adapter that just joins the two.
		c.send(msg("g", "1"), msg("h", "1"), msg("ab", "c"), msg("a", "bc"))
		c.drain(4)
	}},
	{"of one message sent many times at once one is delivered", func(c *contract) {
		var wg sync.WaitGroup
		results := make([][]error, 16)
		for i := range results {
			wg.Go(func() { results[i] = c.q.Send(c.ctx, []queue.Message{msg("g", "1")}) })
		}
		wg.Wait()
		for _, errs := range results {
			require.Nil(c.t, errs)
		}
		c.drain(1)
	}},
}

var resultChecks = []check{
	{"a bad message does not take the others with it", func(c *contract) {
		batch := msgs("g", "1", "bad", "2")
		batch[1].Body = nil
		errs := c.q.Send(c.ctx, batch)
		require.Len(c.t, errs, 3)
		require.NoError(c.t, errs[0])
		require.ErrorIs(c.t, errs[1], queue.ErrBadEntry)
		require.NoError(c.t, errs[2])
		require.Equal(c.t, []string{"1", "2"}, ids(c.drain(2)))
	}},
	{"a stale handle does not take the others with it", func(c *contract) {
		c.send(msg("g", "1"), msg("h", "2"), msg("i", "3"))
		var got []queue.Delivery
		for len(got) < 3 {
			got = append(got, c.receive(queue.MaxBatch, long)...)
		}
		c.extend(0, got[1])

		errs := c.q.Extend(c.ctx, handles(got...), short)
		require.Len(c.t, errs, 3)
		require.NoError(c.t, errs[0])
		require.ErrorIs(c.t, errs[1], queue.ErrHandle)
		require.NoError(c.t, errs[2])

		errs = c.q.Delete(c.ctx, handles(got...))
		require.Len(c.t, errs, 3)
		require.NoError(c.t, errs[0])
		require.ErrorIs(c.t, errs[1], queue.ErrHandle)
		require.NoError(c.t, errs[2])
		require.Equal(c.t, []string{got[1].DedupID}, ids(c.drain(1)))
	}},
	{"bodies belong to the caller", func(c *contract) {
		m := msg("g", "1")
		c.send(m)
		clear(m.Body)
		d := c.receiveOne("1", long)
		require.Equal(c.t, msg("g", "1").Body, d.Body)
		clear(d.Body)
		c.extend(0, d)
		require.Equal(c.t, msg("g", "1").Body, c.receiveOne("1", long).Body)
	}},
}
