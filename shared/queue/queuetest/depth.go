package queuetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"
)

var depthChecks = []check{
	{"the depth is what waits, in groups that are locked as well", func(c *contract) {
		c.depth(0)
		c.send(msgs("g", "1", "2", "3")...)
		c.send(msg("h", "4"))
		c.depth(4)
		d := c.receive(1, long)
		c.depth(3)
		c.delete(d...)
		c.depth(3)
		c.drain(3)
		c.depth(0)
	}},
	{"with a cancelled context there is no depth", func(c *contract) {
		ctx, cancel := context.WithCancel(c.ctx)
		cancel()
		_, err := c.q.Depth(ctx)
		require.Error(c.t, err)
	}},
}

// depth checks the depth. A real service may tell it late, so there it is only
// asked for.
func (c *contract) depth(want int) {
	c.t.Helper()
	got, err := c.q.Depth(c.ctx)
	require.NoError(c.t, err)
	require.GreaterOrEqual(c.t, got, 0)
	if c.h.Advance != nil {
		require.Equal(c.t, want, got)
		return
	}
	for end := time.Now().Add(3 * time.Second); got != want && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
		if got, err = c.q.Depth(c.ctx); err != nil {
			require.NoError(c.t, err)
		}
	}
	if got != want {
		c.t.Logf("the depth is told as %d, it is %d", got, want)
	}
}
