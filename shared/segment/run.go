package segment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

const (
	// maxPoll is how long one receive call waits while messages are gathered.
	// Calls are not cancelled: a message that SQS has handed out to a call that
	// nobody listens to any more stays hidden for the visibility timeout.
	maxPoll = time.Second
	// flushTime is kept free at the end of a run to write what was gathered.
	flushTime = 10 * time.Second
)

// Run gathers and stores messages until the queue stays empty, the time is up
// or the context ends; what was gathered by then is still stored. The error
// joins those of messages that were left on the queue.
func (d *Drainer) Run(ctx context.Context) (Stats, error) {
	end := d.Now().Add(d.settings.DrainTime)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-flushTime).Before(end) {
		end = deadline.Add(-flushTime)
	}
	r := &run{drainer: d}
	flushed := true // all that was gathered is written
	for ctx.Err() == nil && d.Now().Before(end) {
		first, err := d.Queue.Receive(ctx, queue.MaxBatch, min(d.settings.IdleWait, queue.MaxWait), d.settings.Visibility)
		if err != nil && ctx.Err() == nil {
			r.failed(fmt.Errorf("receive messages: %w", err))
		}
		if len(first) == 0 {
			if flushed || err != nil {
				break
			}
			// What is being written locks its groups: there may be more of them.
			r.flushing.Wait()
			flushed = true
			continue
		}
		batch, err := d.gather(ctx, first, end)
		r.failed(err)
		r.flush(ctx, batch)
		flushed = false
	}
	r.flushing.Wait()
	return r.stats, errors.Join(r.errs...)
}

// run is the state of Run. One batch is written while the next is gathered.
type run struct {
	drainer  *Drainer
	flushing sync.WaitGroup
	mu       sync.Mutex
	stats    Stats
	errs     []error
}

// flush writes a batch in the background, once the one before it is written.
func (r *run) flush(ctx context.Context, b *batch) {
	r.flushing.Wait()
	r.flushing.Go(func() {
		stats, err := r.drainer.flush(ctx, b)
		r.failed(err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stats.add(stats)
	})
}

func (r *run) failed(err error) {
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
	}
}

// gather receives messages until it is time to flush, and reads each.
func (d *Drainer) gather(ctx context.Context, first []queue.Delivery, end time.Time) (*batch, error) {
	b := newBatch(d.Now())
	until := b.started.Add(d.settings.FlushInterval)
	if until.After(end) {
		until = end
	}
	var bytes atomic.Int64
	messages := make(chan *message, 4*queue.MaxBatch)
	var receivers sync.WaitGroup
	var failed errorOnce
	take := func(ds []queue.Delivery) {
		for i := range ds {
			bytes.Add(int64(len(ds[i].Body)))
			messages <- d.read(ctx, ds[i])
		}
	}
	receivers.Go(func() { take(first) })
	for range max(d.settings.Receivers, 1) {
		receivers.Go(func() {
			for ctx.Err() == nil && bytes.Load() < d.settings.FlushBytes {
				wait := until.Sub(d.Now())
				if wait <= 0 {
					return
				}
				ds, err := d.Queue.Receive(ctx, queue.MaxBatch, min(wait, maxPoll), d.settings.Visibility)
				if err != nil {
					failed.set(err)
					return
				}
				take(ds)
			}
		})
	}
	go func() {
		receivers.Wait()
		close(messages)
	}()
	for m := range messages {
		b.add(m)
	}
	if err := failed.get(); err != nil && ctx.Err() == nil {
		return b, fmt.Errorf("receive messages: %w", err)
	}
	return b, nil
}

// errorOnce keeps the first error of several goroutines.
type errorOnce struct {
	mu  sync.Mutex
	err error
}

func (e *errorOnce) set(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

func (e *errorOnce) get() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}
