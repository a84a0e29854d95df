package queuetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var visibilityChecks = []check{
	{"a received message is hidden for the visibility timeout", func(c *contract) {
		c.send(msg("g", "1"))
		c.receiveOne("1", long)
		c.nothing()
	}},
	{"a message that is not deleted by then is received again, with a count one higher", func(c *contract) {
		c.send(msg("g", "1"))
		first := c.receiveOne("1", short)
		require.Equal(c.t, 1, first.Receives)
		for count := 2; count <= 3; count++ {
			c.advance(overShort)
			again := c.receiveOne("1", short)
			require.Equal(c.t, count, again.Receives)
			require.Equal(c.t, first.Message, again.Message)
			require.Equal(c.t, first.Sequence, again.Sequence)
			require.True(c.t, first.SentAt.Equal(again.SentAt), "the time of sending changed")
			require.NotEqual(c.t, first.Handle, again.Handle)
		}
	}},
	{"what was moved back from dead letters counts as received before", func(c *contract) {
		c.send(msg("g", "1"))
		dead := c.receiveOne("1", long)
		back := dead.Message
		back.DedupID = queue.RedriveID(dead)
		c.delete(dead)
		c.send(back)
		d := c.receiveOne(back.DedupID, short)
		require.Equal(c.t, 2, d.Receives)
		require.Equal(c.t, back, d.Message)
		c.advance(overShort)
		require.Equal(c.t, 3, c.receiveOne(back.DedupID, long).Receives)
	}},
	{"a deleted message is not received again", func(c *contract) {
		c.send(msg("g", "1"))
		c.delete(c.receiveOne("1", short))
		c.advance(overShort)
		c.nothing()
	}},
	{"Extend sets the timeout anew, to a later end", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", short)
		c.extend(long, d)
		c.advance(overShort)
		c.nothing()
		c.delete(d)
	}},
	{"Extend sets the timeout anew, to an earlier end", func(c *contract) {
		c.send(msg("g", "1"))
		c.extend(short, c.receiveOne("1", long))
		c.advance(overShort)
		require.Equal(c.t, 2, c.receiveOne("1", long).Receives)
	}},
	{"Extend counts from now", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", 2*short)
		c.advance(short)
		c.extend(2*short, d)
		c.advance(overShort) // beyond the first timeout
		c.extend(long, d)
		c.nothing()
	}},
	{"Extend to 0 makes a message visible at once", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		d := c.receiveOne("1", long)
		c.extend(0, d)
		c.notInFlight(d)
		again := c.receiveOne("1", long)
		require.Equal(c.t, 2, again.Receives)
		c.notInFlight(d)
		c.delete(again)
	}},
	{"the time of sending is by the queue's clock", func(c *contract) {
		c.send(msg("g", "1"))
		c.advance(time.Second)
		c.send(msg("g", "2"))
		got := c.drain(2)
		require.GreaterOrEqual(c.t, got[1].SentAt.Sub(got[0].SentAt), 900*time.Millisecond)
		require.Less(c.t, got[1].SentAt.Sub(got[0].SentAt), time.Minute)
	}},
}

var handleChecks = []check{
	{"a handle is good while the message is in flight", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", long)
		c.extend(long, d)
		c.extend(long, d)
		c.delete(d)
	}},
	{"after the timeout a handle is no longer one of a message in flight", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", short)
		c.advance(overShort)
		c.notInFlight(d)
		c.receiveOne("1", long)
	}},
	{"an old handle does nothing to who received the message next", func(c *contract) {
		c.send(msg("g", "1"))
		old := c.receiveOne("1", short)
		c.advance(overShort)
		fresh := c.receiveOne("1", long)
		require.NotEqual(c.t, old.Handle, fresh.Handle)
		c.notInFlight(old)
		errs := c.q.Extend(c.ctx, handles(old), 0)
		require.Len(c.t, errs, 1)
		c.nothing()
		c.delete(fresh)
	}},
	{"an invented handle is not one of a message in flight", func(c *contract) {
		for _, text := range []string{"", "x", "no such handle", "\x00"} {
			c.notInFlight(queue.Delivery{Handle: text})
		}
	}},
	{"a deleted message cannot be extended", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", long)
		c.delete(d)
		errs := c.q.Extend(c.ctx, handles(d), long)
		require.Len(c.t, errs, 1)
		require.ErrorIs(c.t, errs[0], queue.ErrHandle)
	}},
	{"deleting again is a success", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		d := c.receiveOne("1", short)
		c.delete(d)
		c.delete(d)
		c.advance(overShort)
		c.delete(d)
		require.Equal(c.t, []string{"2"}, ids(c.drain(1)))
		c.delete(d)
	}},
}
