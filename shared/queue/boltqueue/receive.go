package boltqueue

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// taken is a copy of what a Receive needs of a flight once the lock is gone.
type taken struct {
	handle
	group    string
	sent     int64
	receives int
}

// Receive is [queue.Receiver.Receive]. A visibility of 0 leaves the messages
// visible, their handles are then good for nothing.
func (q *Queue) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	if err := queue.CheckReceive(limit, wait, visibility); err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	got, err := q.await(ctx, limit, wait, visibility)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	if len(got) == 0 {
		return nil, nil
	}
	deliveries, err := q.read(got)
	if err != nil {
		q.giveBack(got)
		return nil, fmt.Errorf("receive: %w", err)
	}
	return deliveries, nil
}

// await takes messages, and waits if there are none.
func (q *Queue) await(ctx context.Context, limit int, wait, visibility time.Duration) ([]taken, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	got, w, err := q.takeOrJoin(limit, visibility, wait > 0)
	if w == nil {
		return got, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		stay := true
		select {
		case <-w.woken:
		case <-timeout.C:
			stay = false
		case <-q.closing:
			return nil, ErrClosed
		case <-ctx.Done():
			q.quit(w)
			return nil, context.Cause(ctx)
		}
		if !stay {
			q.quit(w)
		}
		got, w, err = q.takeOrJoin(limit, visibility, stay)
		if w == nil {
			return got, err
		}
	}
}

// takeOrJoin takes messages; if there are none and join is wanted it returns a
// place among the waiting instead.
func (q *Queue) takeOrJoin(limit int, visibility time.Duration, join bool) ([]taken, *waiter, error) {
	now := q.enter()
	defer func() { q.leave(now) }()
	if q.failed != nil {
		return nil, nil, q.failed
	}
	q.nonce++
	flights := q.index.take(limit, now, visibility, q.nonce)
	if len(flights) == 0 && join {
		return nil, q.waiters.join(), nil
	}
	got := make([]taken, len(flights))
	for i, f := range flights {
		m := f.message
		got[i] = taken{handle{m.seq, f.nonce}, m.group.name, m.sent, int(m.receives)}
	}
	if visibility == 0 {
		q.index.advance(now)
	}
	return got, nil, nil
}

// quit leaves the waiting; if this one was woken, the next one is.
func (q *Queue) quit(w *waiter) {
	now := q.enter()
	q.waiters.quit(w)
	q.leave(now)
}

// read fetches bodies from the file.
func (q *Queue) read(got []taken) ([]queue.Delivery, error) {
	deliveries := make([]queue.Delivery, 0, len(got))
	err := q.db.View(func(tx *bbolt.Tx) error {
		messages, bodies := tx.Bucket(bucketMessages), tx.Bucket(bucketBodies)
		for _, t := range got {
			key := seqKey(t.seq)
			stored := messages.Get(key)
			if stored == nil {
				continue // just now gone beyond Retention
			}
			r, err := parseRecord(stored)
			if err != nil {
				return err
			}
			deliveries = append(deliveries, queue.Delivery{
				Message:  queue.Message{Group: t.group, DedupID: r.dedupID, Body: bytes.Clone(bodies.Get(key))},
				Handle:   q.formatHandle(t.handle),
				Sequence: fmt.Sprintf("%020d", t.seq),
				Receives: queue.Receives(r.dedupID, t.receives),
				SentAt:   time.UnixMilli(t.sent),
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read messages from file: %w", err)
	}
	return deliveries, nil
}

// giveBack makes messages visible that could not be delivered.
func (q *Queue) giveBack(got []taken) {
	now := q.enter()
	for _, t := range got {
		if f := q.index.find(t.handle); f != nil {
			q.index.release(f)
		}
	}
	q.leave(now)
}

// Extend is [queue.Receiver.Extend]. As with SQS a message can be in flight
// for MaxVisibility in all; more is ErrBadEntry.
func (q *Queue) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	err := queue.CheckCount(len(handles))
	if err == nil {
		err = queue.CheckVisibility(visibility)
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return all(len(handles), fmt.Errorf("extend: %w", err))
	}
	parsed, errs := q.parseHandles(handles)
	now := q.enter()
	defer q.leave(now)
	if q.failed != nil {
		return all(len(handles), fmt.Errorf("extend: %w", q.failed))
	}
	for i, h := range parsed {
		if errs[i] == nil {
			errs[i] = q.extend(h, now, visibility)
		}
		if errs[i] != nil {
			errs[i] = fmt.Errorf("extend: %w", errs[i])
		}
	}
	q.index.advance(now)
	return result(errs)
}

func (q *Queue) extend(h handle, now time.Time, visibility time.Duration) error {
	f := q.index.find(h)
	if f == nil {
		return queue.ErrHandle
	}
	deadline := now.Add(visibility)
	if deadline.After(f.received.Add(queue.MaxVisibility)) {
		return fmt.Errorf("%w: in flight for more than %s in all", queue.ErrBadEntry, queue.MaxVisibility)
	}
	q.index.extend(f, deadline)
	return nil
}
