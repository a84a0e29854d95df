package compaction_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// memQueue is a queue in memory, as much of one as jobs need: groups have one
// message in flight, leases end, what was sent lately is not sent again.
type memQueue struct {
	now func() time.Time

	mu       sync.Mutex
	messages []*memMessage
	sent     map[string]time.Time // by deduplication id
	handles  int
}

type memMessage struct {
	queue.Delivery
	visible time.Time
}

func newMemQueue(now func() time.Time) *memQueue {
	return &memQueue{now: now, sent: make(map[string]time.Time)}
}

// Depth is Queue's.
func (q *memQueue) Depth(context.Context) (int, error) { return q.left(), nil }

// left is how many messages there are.
func (q *memQueue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

func (q *memQueue) Send(_ context.Context, batch []queue.Message) []error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := queue.CheckBatch(batch); err != nil {
		return []error{err}
	}
	for _, m := range batch {
		if err := queue.CheckMessage(m); err != nil {
			return []error{err}
		}
		if at, ok := q.sent[m.DedupID]; ok && q.now().Sub(at) < queue.DedupWindow {
			continue
		}
		q.sent[m.DedupID] = q.now()
		q.messages = append(q.messages, &memMessage{Delivery: queue.Delivery{Message: m, SentAt: q.now()}})
	}
	return nil
}

func (q *memQueue) Receive(_ context.Context, n int, _, visibility time.Duration) ([]queue.Delivery, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []queue.Delivery
	locked := make(map[string]bool)
	for _, m := range q.messages {
		if m.visible.After(q.now()) {
			locked[m.Group] = true
		}
	}
	for _, m := range q.messages {
		if len(out) == n || locked[m.Group] {
			continue
		}
		locked[m.Group] = true
		q.handles++
		m.Receives++
		m.Handle, m.visible = fmt.Sprint(q.handles), q.now().Add(visibility)
		out = append(out, m.Delivery)
	}
	return out, nil
}

func (q *memQueue) Extend(_ context.Context, handles []string, visibility time.Duration) []error {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.inFlight(handles[0])
	if m == nil {
		return []error{queue.ErrHandle}
	}
	m.visible = q.now().Add(visibility)
	return nil
}

func (q *memQueue) Delete(_ context.Context, handles []string) []error {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.inFlight(handles[0])
	if m == nil {
		return []error{queue.ErrHandle}
	}
	for i := range q.messages {
		if q.messages[i] == m {
			q.messages = append(q.messages[:i:i], q.messages[i+1:]...)
			break
		}
	}
	return nil
}

func (q *memQueue) inFlight(handle string) *memMessage {
	for _, m := range q.messages {
		if m.Handle == handle && m.visible.After(q.now()) {
			return m
		}
	}
	return nil
}
