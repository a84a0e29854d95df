package queuetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var durabilityChecks = []check{
	{"a message survives the loss of the process", func(c *contract) {
		batch := append(msgs("g", "1", "2", "3"), msgs("h", "1", "2")...)
		c.send(batch...)
		c.reopen()
		got := c.drain(len(batch))
		require.Equal(c.t, []string{"1", "2", "3"}, ids(ofGroup(got, "g")))
		require.Equal(c.t, []string{"1", "2"}, ids(ofGroup(got, "h")))
		require.Equal(c.t, batch[0].Body, ofGroup(got, "g")[0].Body)
	}},
	{"a deleted message stays deleted", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		c.delete(c.receiveOne("1", long))
		c.reopen()
		require.Equal(c.t, []string{"2"}, ids(c.drain(1)))
	}},
	{"a message in flight when the process died is received again with a count of at least 2", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		c.receiveOne("1", short)
		c.reopen()
		c.advance(overShort)
		again := c.receiveOne("1", long)
		require.GreaterOrEqual(c.t, again.Receives, 2)
		c.delete(again)
		require.Equal(c.t, []string{"2"}, ids(c.drain(1)))
	}},
	{"a handle of before does not outlive the timeout", func(c *contract) {
		c.send(msg("g", "1"))
		d := c.receiveOne("1", short)
		c.reopen()
		c.advance(overShort)
		c.notInFlight(d)
		c.receiveOne("1", long)
		c.notInFlight(d)
	}},
	{"deduplication ids survive, of messages there and gone", func(c *contract) {
		c.send(msgs("g", "gone", "there")...)
		c.delete(c.receiveOne("gone", long))
		c.reopen()
		c.send(msgs("g", "gone", "there")...)
		require.Equal(c.t, []string{"there"}, ids(c.drain(1)))
	}},
	{"sequence numbers go on growing", func(c *contract) {
		c.send(msg("g", "1"))
		first := c.drain(1)[0]
		c.reopen()
		c.send(msg("g", "2"))
		second := c.drain(1)[0]
		require.Greater(c.t, second.Sequence, first.Sequence)
		require.Len(c.t, second.Sequence, len(first.Sequence))
	}},
}

// clockChecks are those that take too long on a real clock.
var clockChecks = []check{
	{"a message lasts for nearly the whole of Retention", func(c *contract) {
		c.send(msg("g", "1"))
		c.advance(queue.Retention - time.Hour)
		c.reopen()
		require.Equal(c.t, []string{"1"}, ids(c.drain(1)))
	}},
	{"after the window a deduplication id is a new one", func(c *contract) {
		c.send(msg("g", "1"))
		c.drain(1)
		c.advance(queue.DedupWindow + time.Second)
		c.send(msg("g", "1"))
		require.Equal(c.t, []string{"1"}, ids(c.drain(1)))
	}},
	{"after the window a message is new even if the first one is still there", func(c *contract) {
		c.send(msg("g", "1"))
		c.advance(queue.DedupWindow + time.Second)
		c.send(msg("g", "1"))
		require.Equal(c.t, []string{"1", "1"}, ids(c.drain(2)))
	}},
	{"the window lasts to its end, and across a restart", func(c *contract) {
		c.send(msg("g", "1"))
		c.drain(1)
		c.advance(queue.DedupWindow - 2*time.Second)
		c.send(msg("g", "1"))
		c.nothing()
		c.reopen()
		c.send(msg("g", "1"))
		c.nothing()
	}},
	{"a duplicate does not begin a new window", func(c *contract) {
		c.send(msg("g", "1"))
		c.advance(queue.DedupWindow - 2*time.Second)
		c.send(msg("g", "1"))
		c.advance(4 * time.Second)
		c.send(msg("g", "1"))
		c.drain(2)
	}},
	{"a visibility timeout of 12 hours is kept", func(c *contract) {
		c.send(msg("g", "1"))
		c.receiveOne("1", queue.MaxVisibility)
		c.advance(queue.MaxVisibility - time.Second)
		c.nothing()
		c.advance(2 * time.Second)
		require.Equal(c.t, 2, c.receiveOne("1", long).Receives)
	}},
}
