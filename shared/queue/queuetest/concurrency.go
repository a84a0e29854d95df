package queuetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var concurrencyChecks = []check{
	{"concurrent receivers never share a message or a group", func(c *contract) { c.crowd(4, 4, 10) }},
	{"one message goes to one of many receivers", func(c *contract) {
		c.send(msg("g", "1"))
		var wg sync.WaitGroup
		answers := make(chan answer, 16)
		for range cap(answers) {
			wg.Go(func() {
				got, err := c.q.Receive(c.ctx, queue.MaxBatch, c.wait(2*time.Second), long)
				answers <- answer{got, err}
			})
		}
		wg.Wait()
		close(answers)
		var all []queue.Delivery
		for a := range answers {
			require.NoError(c.t, a.err)
			all = append(all, a.got...)
		}
		require.Equal(c.t, []string{"1"}, ids(all))
	}},
}

// crowd has senders, of two groups each, and receivers work at the same time.
func (c *contract) crowd(senders, receivers, sendsPerGroup int) {
	const batch = 2
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	m := monitor{t: c.t, holder: map[string]int{}, last: map[string]int{}, left: senders * 2 * sendsPerGroup * batch, done: cancel}

	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range sendsPerGroup {
				for g := range 2 {
					group := fmt.Sprintf("sender%d-%d", s, g)
					errs := c.q.Send(ctx, msgs(group, fmt.Sprint(i*batch), fmt.Sprint(i*batch+1)))
					assert.NoError(c.t, queue.First(errs))
				}
			}
		})
	}
	for r := range receivers {
		wg.Go(func() {
			for ctx.Err() == nil {
				got, err := c.q.Receive(ctx, 3, time.Second, long)
				if ctx.Err() != nil {
					return
				}
				assert.NoError(c.t, err)
				m.hold(r, got)
				for _, d := range got {
					m.drop(d) // before the queue can know of it
					assert.NoError(c.t, queue.First(c.q.Delete(c.ctx, handles(d))))
				}
			}
		})
	}
	wg.Wait()
	require.Zero(c.t, m.left, "messages that were not received in time")
	c.nothing()
}

// monitor watches receivers for breaches of the contract.
type monitor struct {
	t    *testing.T
	done func()

	mu     sync.Mutex
	holder map[string]int // receiver of the messages in flight, by group
	held   map[string]int // how many they are
	last   map[string]int // number of the last message, by group
	left   int
}

func (m *monitor) hold(receiver int, got []queue.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held = map[string]int{}
	}
	for _, d := range got {
		if m.held[d.Group] > 0 {
			assert.Equal(m.t, m.holder[d.Group], receiver, "group %s is in flight with two", d.Group)
		}
		m.holder[d.Group] = receiver
		m.held[d.Group]++
		want := fmt.Sprint(m.last[d.Group])
		assert.Equal(m.t, want, d.DedupID, "next message of group %s", d.Group)
		m.last[d.Group]++
	}
}

func (m *monitor) drop(d queue.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[d.Group]--
	if m.left--; m.left == 0 {
		m.done()
	}
}
