package queuetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Mem is a queue in memory that does what the contract says and no more. It
// survives nothing. Its methods take time in proportion to what it holds.
type Mem struct {
	now func() time.Time

	mu       sync.Mutex
	messages []*memMessage        // in the order in which they were sent
	dedup    map[string]time.Time // when a group and id was last accepted as new
	deleted  map[uint64]bool      // sequence numbers
	seq      uint64
	nonce    uint64
	waiting  int
	changed  chan struct{} // closed when something may have become free
}

type memMessage struct {
	queue.Message
	seq      uint64
	sent     time.Time
	receives int
	handle   string    // of the last receive; "" if it was never received
	received time.Time // then
	hidden   time.Time // it is in flight before this
}

var _ queue.Queue = (*Mem)(nil)

// NewMem returns an empty queue with a clock; nil is time.Now. Waiting Receives
// sleep by the real clock and look at this one when they wake up.
func NewMem(now func() time.Time) *Mem {
	if now == nil {
		now = time.Now
	}
	return &Mem{now: now, dedup: map[string]time.Time{}, deleted: map[uint64]bool{}, changed: make(chan struct{})}
}

// Wake makes waiting Receives look at the clock.
func (m *Mem) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake()
}

func (m *Mem) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Waiting is how many Receives wait.
func (m *Mem) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waiting
}

// Len is how many messages there are, in flight or not.
func (m *Mem) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(m.now())
	return len(m.messages)
}

// Depth is [queue.Gauge.Depth].
func (m *Mem) Depth(ctx context.Context) (int, error) {
	if ctx.Err() != nil {
		return 0, fmt.Errorf("count messages: %w", context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, n := m.now(), 0
	m.expire(now)
	for _, one := range m.messages {
		if !one.hidden.After(now) {
			n++
		}
	}
	return n, nil
}

func (m *Mem) expire(now time.Time) {
	m.messages = slices.DeleteFunc(m.messages, func(one *memMessage) bool {
		return now.Sub(one.sent) > queue.Retention
	})
}

// Send is [queue.Sender.Send].
func (m *Mem) Send(ctx context.Context, batch []queue.Message) []error {
	err := queue.CheckBatch(batch)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return slices.Repeat([]error{fmt.Errorf("send: %w", err)}, max(len(batch), 1))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	errs := make([]error, len(batch))
	for i, one := range batch {
		if err := queue.CheckMessage(one); err != nil {
			errs[i] = fmt.Errorf("send: %w", err)
			continue
		}
		key := one.Group + "\n" + one.DedupID
		if at, ok := m.dedup[key]; ok && now.Sub(at) < queue.DedupWindow {
			continue
		}
		m.dedup[key] = now
		m.seq++
		one.Body = slices.Clone(one.Body)
		m.messages = append(m.messages, &memMessage{Message: one, seq: m.seq, sent: now})
	}
	m.wake()
	return orNil(errs)
}

// Receive is [queue.Receiver.Receive].
func (m *Mem) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	if err := queue.CheckReceive(limit, wait, visibility); err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("receive: %w", context.Cause(ctx))
		}
		m.mu.Lock()
		got := m.take(limit, visibility)
		changed, next := m.changed, m.nextFree()
		if len(got) > 0 || wait == 0 {
			m.mu.Unlock()
			return got, nil
		}
		m.waiting++
		m.mu.Unlock()
		over := false
		free := time.NewTimer(next)
		select {
		case <-changed:
		case <-free.C:
		case <-timeout.C:
			over = true
		case <-ctx.Done():
		}
		free.Stop()
		m.mu.Lock()
		m.waiting--
		m.mu.Unlock()
		if over {
			wait = 0
		}
	}
}

// nextFree is the time until the next visibility timeout ends.
func (m *Mem) nextFree() time.Duration {
	now, next := m.now(), queue.MaxVisibility
	for _, one := range m.messages {
		if d := one.hidden.Sub(now); d > 0 && d < next {
			next = d
		}
	}
	return next
}

// take hides and returns what is free: of each group what is before the first
// that is in flight, which is all or nothing.
func (m *Mem) take(limit int, visibility time.Duration) []queue.Delivery {
	now := m.now()
	m.expire(now)
	locked := map[string]bool{}
	for _, one := range m.messages {
		if one.hidden.After(now) {
			locked[one.Group] = true
		}
	}
	var out []queue.Delivery
	for _, first := range m.messages {
		if locked[first.Group] {
			continue
		}
		locked[first.Group] = true // by this call
		for _, one := range m.messages {
			if one.Group != first.Group || len(out) == limit {
				continue
			}
			m.nonce++
			one.receives++
			one.handle = fmt.Sprintf("%d.%d", one.seq, m.nonce)
			one.received, one.hidden = now, now.Add(visibility)
			copied := one.Message
			copied.Body = slices.Clone(one.Body)
			out = append(out, queue.Delivery{
				Message: copied, Handle: one.handle, Sequence: fmt.Sprintf("%020d", one.seq), Receives: queue.Receives(one.DedupID, one.receives),
				SentAt: one.sent.Truncate(time.Millisecond),
			})
		}
		if len(out) == limit {
			break
		}
	}
	return out
}

// Extend is [queue.Receiver.Extend].
func (m *Mem) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	return m.each(ctx, "extend", handles, queue.CheckVisibility(visibility), func(one *memMessage, now time.Time) error {
		if one == nil {
			return queue.ErrHandle
		}
		if now.Add(visibility).After(one.received.Add(queue.MaxVisibility)) {
			return fmt.Errorf("%w: in flight for more than %s in all", queue.ErrBadEntry, queue.MaxVisibility)
		}
		one.hidden = now.Add(visibility)
		return nil
	})
}

// Delete is [queue.Receiver.Delete].
func (m *Mem) Delete(ctx context.Context, handles []string) []error {
	return m.each(ctx, "delete", handles, nil, func(one *memMessage, _ time.Time) error {
		if one == nil {
			return queue.ErrHandle
		}
		m.deleted[one.seq] = true
		m.messages = slices.DeleteFunc(m.messages, func(other *memMessage) bool { return other == one })
		return nil
	})
}

// each calls f for what is in flight by each handle, nil if nothing is. A
// handle of a deleted message is a success of delete.
func (m *Mem) each(ctx context.Context, verb string, handles []string, err error, f func(*memMessage, time.Time) error) []error {
	if err == nil {
		err = queue.CheckCount(len(handles))
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return slices.Repeat([]error{fmt.Errorf("%s: %w", verb, err)}, max(len(handles), 1))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.expire(now)
	errs := make([]error, len(handles))
	for i, h := range handles {
		switch {
		case slices.Contains(handles[:i], h) || slices.Contains(handles[i+1:], h):
			errs[i] = fmt.Errorf("%s: %w: handle is there twice", verb, queue.ErrBadEntry)
		case verb == "delete" && m.wasDeleted(h):
		default:
			if err := f(m.inFlight(h, now), now); err != nil {
				errs[i] = fmt.Errorf("%s: %w", verb, err)
			}
		}
	}
	m.wake()
	return orNil(errs)
}

func (m *Mem) wasDeleted(handle string) bool {
	var seq, nonce uint64
	n, err := fmt.Sscanf(handle, "%d.%d", &seq, &nonce)
	return err == nil && n == 2 && m.deleted[seq]
}

func (m *Mem) inFlight(handle string, now time.Time) *memMessage {
	for _, one := range m.messages {
		if one.handle == handle && handle != "" && one.hidden.After(now) {
			return one
		}
	}
	return nil
}

func orNil(errs []error) []error {
	if queue.First(errs) == nil {
		return nil
	}
	return errs
}
