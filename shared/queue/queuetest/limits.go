package queuetest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var limitChecks = []check{
	{"a Send takes 10 messages", func(c *contract) {
		c.send(numbered(queue.MaxBatch)...)
		c.drain(queue.MaxBatch)
	}},
	{"a Send of 11 messages is bad, and none of them is there", func(c *contract) {
		c.refused(queue.MaxBatch+1, c.q.Send(c.ctx, numbered(queue.MaxBatch+1)))
		c.nothing()
	}},
	{"a call without entries is bad", func(c *contract) {
		require.ErrorIs(c.t, queue.First(c.q.Send(c.ctx, nil)), queue.ErrBadEntry)
		require.ErrorIs(c.t, queue.First(c.q.Delete(c.ctx, nil)), queue.ErrBadEntry)
		require.ErrorIs(c.t, queue.First(c.q.Extend(c.ctx, nil, long)), queue.ErrBadEntry)
	}},
	{"one body may count as 1 MiB", func(c *contract) {
		m := msg("g", "full")
		m.Body = bodyCountedAs(queue.MaxBatchBytes)
		c.send(m)
		require.True(c.t, bytes.Equal(m.Body, c.drain(1)[0].Body), "the body came back changed")
	}},
	{"a body that counts as more is bad", func(c *contract) {
		m := msg("g", "over")
		m.Body = append(bodyCountedAs(queue.MaxBatchBytes), 'x')
		c.refused(1, c.q.Send(c.ctx, []queue.Message{m}))
		c.nothing()
	}},
	{"bodies of a Send may count as 1 MiB together", func(c *contract) {
		batch := msgs("g", "a", "b")
		batch[0].Body = bodyCountedAs(queue.MaxBatchBytes - 4)
		batch[1].Body = []byte("123")
		c.send(batch...)
		c.drain(2)
	}},
	{"bodies that count as more together are bad, and none of them is there", func(c *contract) {
		batch := msgs("g", "a", "b")
		batch[0].Body = bodyCountedAs(queue.MaxBatchBytes - 4)
		batch[1].Body = []byte("1234")
		c.refused(2, c.q.Send(c.ctx, batch))
		c.nothing()
	}},
	{"a message without a body is bad", func(c *contract) {
		empty, missing := msg("g", "empty"), msg("g", "nil")
		empty.Body, missing.Body = []byte{}, nil
		for _, m := range []queue.Message{empty, missing} {
			c.refused(1, c.q.Send(c.ctx, []queue.Message{m}))
		}
		c.nothing()
	}},
	{"a body holds any bytes, one or more", func(c *contract) {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		batch := msgs("g", "every", "zero", "text")
		batch[0].Body, batch[1].Body, batch[2].Body = every, []byte{0}, []byte("=")
		c.send(batch...)
		got := c.drain(3)
		for i := range batch {
			require.Equal(c.t, batch[i], got[i].Message)
		}
	}},
	{"ids are 1 to 128 letters, digits and ASCII punctuation", goodIDs},
	{"other ids are bad", badIDs},
	{"a Receive asks for 1 to 10 messages", func(c *contract) {
		for _, limit := range []int{-1, 0, queue.MaxBatch + 1} {
			_, err := c.q.Receive(c.ctx, limit, 0, long)
			require.ErrorIs(c.t, err, queue.ErrBadEntry, "limit %d", limit)
		}
	}},
	{"a Receive waits for 0 to 20 seconds", func(c *contract) {
		for _, wait := range []time.Duration{-time.Second, queue.MaxWait + time.Second} {
			_, err := c.q.Receive(c.ctx, 1, wait, long)
			require.ErrorIs(c.t, err, queue.ErrBadEntry, "wait %s", wait)
		}
		c.send(msg("g", "a"))
		got, err := c.q.Receive(c.ctx, 1, queue.MaxWait, long)
		require.NoError(c.t, err)
		require.Len(c.t, got, 1)
	}},
	{"a visibility timeout is 0 to 12 hours", badVisibilities},
	{"a Delete or Extend takes 10 handles", func(c *contract) {
		c.send(numbered(queue.MaxBatch)...)
		var got []queue.Delivery
		for len(got) < queue.MaxBatch {
			got = append(got, c.receive(queue.MaxBatch, long)...)
		}
		c.extend(long, got...)
		c.delete(got...)
	}},
	{"a Delete or Extend of 11 handles is bad, and nothing of it takes place", func(c *contract) {
		c.send(msg("g", "a"))
		d := c.receiveOne("a", long)
		eleven := handles(d)
		for i := range queue.MaxBatch {
			eleven = append(eleven, fmt.Sprint("handle", i))
		}
		c.refused(len(eleven), c.q.Extend(c.ctx, eleven, 0))
		c.refused(len(eleven), c.q.Delete(c.ctx, eleven))
		c.nothing()
		c.extend(0, d)
		c.receiveOne("a", long)
	}},
	{"the same handle twice is bad, and nothing of it takes place", func(c *contract) {
		c.send(msg("g", "a"))
		d := c.receiveOne("a", long)
		c.refused(2, c.q.Extend(c.ctx, handles(d, d), 0))
		c.nothing()
		c.refused(2, c.q.Delete(c.ctx, handles(d, d)))
		c.extend(0, d)
		c.receiveOne("a", long)
	}},
}

// numbered are n messages of as many groups.
func numbered(n int) []queue.Message {
	var batch []queue.Message
	for i := range n {
		batch = append(batch, msg(fmt.Sprint("g", i), fmt.Sprint("id", i)))
	}
	return batch
}

// bodyCountedAs is the longest body that takes n bytes of MaxBatchBytes.
func bodyCountedAs(n int) []byte { return bytes.Repeat([]byte{0xff}, n/4*3) }

func goodIDs(c *contract) {
	var alphabet strings.Builder
	for b := byte('!'); b <= '~'; b++ {
		alphabet.WriteByte(b)
	}
	batch := []queue.Message{}
	for i, id := range []string{"x", alphabet.String(), strings.Repeat("x", queue.MaxIDBytes)} {
		batch = append(batch, msg(id, fmt.Sprint("as-group", i)), msg(fmt.Sprint("as-id", i), id))
	}
	c.send(batch...)
	var got []queue.Message
	for _, d := range c.drain(len(batch)) {
		got = append(got, d.Message)
	}
	require.ElementsMatch(c.t, batch, got)
}

func badIDs(c *contract) {
	for _, id := range []string{
		"", strings.Repeat("x", queue.MaxIDBytes+1), " ", "a b", "tab\t", "line\n", "nul\x00", "del\x7f", "é", "\xff",
	} {
		for _, m := range []queue.Message{msg(id, "good"), msg("good", id)} {
			errs := c.q.Send(c.ctx, []queue.Message{m})
			require.Len(c.t, errs, 1, "id %q", id)
			require.ErrorIs(c.t, errs[0], queue.ErrBadEntry, "id %q", id)
		}
	}
	c.nothing()
}

func badVisibilities(c *contract) {
	c.send(msg("g", "a"))
	bad := []time.Duration{-time.Second, queue.MaxVisibility + time.Second}
	for _, visibility := range bad {
		_, err := c.q.Receive(c.ctx, 1, 0, visibility)
		require.ErrorIs(c.t, err, queue.ErrBadEntry, "visibility %s", visibility)
	}
	d := c.receiveOne("a", queue.MaxVisibility)
	for _, visibility := range bad {
		c.refused(1, c.q.Extend(c.ctx, handles(d), visibility))
	}
	c.delete(d)
}
