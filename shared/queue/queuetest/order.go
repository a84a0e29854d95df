package queuetest

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var orderChecks = []check{
	{"messages of a group are received in the order of their sequence numbers", func(c *contract) {
		const n = 25
		var want []string
		for i := range n {
			id := fmt.Sprint("id", i)
			want = append(want, id)
			c.send(msg("g", id), msg("h", id))
		}
		got := c.drain(2 * n)
		for _, group := range []string{"g", "h"} {
			require.Equal(c.t, want, ids(ofGroup(got, group)))
			requireGrowing(c, ofGroup(got, group))
		}
	}},
	{"messages of one Send are in its order", func(c *contract) {
		want := []string{"j", "b", "i", "a", "c", "h", "d", "g", "f", "e"}
		c.send(msgs("g", want...)...)
		got := c.drain(len(want))
		require.Equal(c.t, want, ids(got))
		requireGrowing(c, got)
	}},
	{"sequence numbers are of equal length", func(c *contract) {
		for i := range 12 {
			c.send(msg(fmt.Sprint("g", i%3), fmt.Sprint("id", i)))
		}
		got := c.drain(12)
		require.NotEmpty(c.t, got[0].Sequence)
		for _, d := range got {
			require.Len(c.t, d.Sequence, len(got[0].Sequence))
		}
	}},
	{"while a message is in flight no other of its group is received", func(c *contract) {
		c.send(msgs("g", "1", "2", "3")...)
		d := c.receiveOne("1", long)
		c.nothing()
		c.send(msg("g", "4"))
		c.nothing()
		c.delete(d)
		c.receiveOne("2", long)
		c.nothing()
	}},
	{"other groups flow meanwhile", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		c.receiveOne("1", long)
		c.send(msgs("h", "3")...)
		c.delete(c.receiveOne("3", long))
		c.send(msgs("h", "4")...)
		c.delete(c.receiveOne("4", long))
		c.nothing()
	}},
	{"one Receive may return several of a group, in order, and they lock it together", severalOfAGroup},
	{"a message that becomes visible again comes before the later ones", func(c *contract) {
		c.send(msgs("g", "1", "2")...)
		c.receiveOne("1", short)
		c.advance(overShort)
		c.delete(c.receiveOne("1", long))
		c.receiveOne("2", long)
	}},
	{"several that become visible again are in order, those between deleted", func(c *contract) {
		c.send(msgs("g", "1", "2", "3", "4")...)
		got := c.receive(3, long)
		if len(got) == 3 {
			c.delete(got[1])
			c.extend(0, got[2])
			c.nothing()
			c.extend(0, got[0])
			require.Equal(c.t, []string{"1", "3", "4"}, ids(c.drain(3)))
		}
	}},
}

func requireGrowing(c *contract, ds []queue.Delivery) {
	c.t.Helper()
	for i := 1; i < len(ds); i++ {
		require.Greater(c.t, ds[i].Sequence, ds[i-1].Sequence)
	}
}

func severalOfAGroup(c *contract) {
	want := []string{"1", "2", "3", "4", "5"}
	c.send(msgs("g", want...)...)
	first := c.receive(3, long)
	require.Equal(c.t, want[:len(first)], ids(first))
	slices.Reverse(first) // any order of deleting will do
	for _, d := range first {
		c.nothing()
		c.delete(d)
	}
	require.Equal(c.t, want[len(first):], ids(c.drain(len(want)-len(first))))
}
