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
	// flushTime is kept free before the deadline of a run, which is that of the
	// Lambda function, to write what was gathered; half of the time if there is
	// less than twice as much.
	flushTime = 10 * time.Second
)

// endOf is when a run that begins now stops gathering.
func (d *Drainer) endOf(ctx context.Context) time.Time {
	now := d.Now()
	end := now.Add(d.settings.DrainTime)
	if deadline, ok := ctx.Deadline(); ok {
		last := deadline.Add(-min(flushTime, deadline.Sub(now)/2))
		if last.Before(end) {
			return last
		}
	}
	return end
}

// Run gathers and stores messages until the queue stays empty, the time is up
// or the context ends; what was gathered by then is still stored. The error
// joins those of messages that were left on the queue.
func (d *Drainer) Run(ctx context.Context) (Stats, error) {
	end := d.endOf(ctx)
	r := &run{drainer: d}
	flushed := true // all that was gathered is written
	for ctx.Err() == nil && d.Now().Before(end) {
		wait := min(d.settings.IdleWait, queue.MaxWait, end.Sub(d.Now()))
		until := d.Now().Add(d.settings.Visibility)
		first, err := d.Queue.Receive(ctx, queue.MaxBatch, wait, d.settings.Visibility)
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
		batch, err := d.gather(ctx, received{first, until}, end)
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
	r.await(ctx, b)
	r.flushing.Go(func() {
		stats, err := r.drainer.flush(ctx, b)
		r.failed(err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stats.Add(stats)
	})
}

// await waits for the flush that is under way and holds the messages of the
// next meanwhile.
func (r *run) await(ctx context.Context, b *batch) {
	written := make(chan struct{})
	go func() {
		r.flushing.Wait()
		close(written)
	}()
	tick := time.NewTicker(r.drainer.callTime())
	defer tick.Stop()
	for {
		select {
		case <-written:
			return
		case <-tick.C:
			r.drainer.renew(context.WithoutCancel(ctx), &b.hold)
		}
	}
}

func (r *run) failed(err error) {
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
	}
}

// received is the messages of one call.
type received struct {
	deliveries []queue.Delivery
	until      time.Time // they are hidden from others until then, at least
}

// isOfOneGroup reports whether a group has filled the call, so that it is likely
// to have more.
func (r received) isOfOneGroup() bool {
	for i := range r.deliveries {
		if r.deliveries[i].Group != r.deliveries[0].Group {
			return false
		}
	}
	return len(r.deliveries) == queue.MaxBatch
}

// gathering is what the receivers of one batch share.
type gathering struct {
	drainer   *Drainer
	until     time.Time
	messages  chan *message
	receivers sync.WaitGroup
	helpers   atomic.Int64 // receivers beyond the first
	bytes     atomic.Int64 // of bodies
	crowded   atomic.Bool  // a group has more messages than it hands out at once
	failed    errorOnce
}

// gather receives messages until it is time to flush, and reads each.
func (d *Drainer) gather(ctx context.Context, first received, end time.Time) (*batch, error) {
	b := newBatch(d.Now())
	g := &gathering{
		drainer: d, until: b.started.Add(d.settings.FlushInterval), messages: make(chan *message, 4*queue.MaxBatch),
	}
	if g.until.After(end) {
		g.until = end
	}
	g.receivers.Go(func() { g.take(ctx, first) })
	g.receivers.Go(func() { g.receive(ctx, true) })
	go func() {
		g.receivers.Wait()
		close(g.messages)
	}()
	for m := range g.messages {
		b.add(m, d.settings.Visibility)
	}
	if err := g.failed.get(); err != nil && ctx.Err() == nil {
		return b, fmt.Errorf("receive messages: %w", err)
	}
	return b, nil
}

// receive receives messages until the batch is complete. A full call has another
// receiver help, and one that is not full has a helper stop and the first pause
// for a moment: every call costs, and to ask at once for each message that comes
// would cost a call for each.
func (g *gathering) receive(ctx context.Context, isFirst bool) {
	d := g.drainer
	for ctx.Err() == nil && g.bytes.Load() < d.settings.FlushBytes {
		now := d.Now()
		wait := g.until.Sub(now)
		if wait <= 0 {
			return
		}
		ds, err := d.Queue.Receive(ctx, queue.MaxBatch, min(wait, maxPoll), d.settings.Visibility)
		if err != nil {
			g.failed.set(err)
			return
		}
		if len(ds) == 0 && g.crowded.Load() {
			// A group hands out ten messages, and no more until these are
			// deleted. To wait for the flush interval would be to empty a long
			// group by ten messages in that time.
			return
		}
		full := len(ds) == queue.MaxBatch
		if full {
			g.help(ctx)
		}
		g.take(ctx, received{ds, now.Add(d.settings.Visibility)})
		switch {
		case full:
		case !isFirst:
			return
		case len(ds) > 0:
			d.Sleep(min(g.until.Sub(d.Now()), d.settings.FlushInterval/pauses))
		}
	}
}

// pauses is how many pauses fill a flush interval.
const pauses = 10

// help starts another receiver, if there are not enough yet.
func (g *gathering) help(ctx context.Context) {
	if g.helpers.Add(1) >= int64(g.drainer.settings.Receivers) {
		g.helpers.Add(-1)
		return
	}
	g.receivers.Go(func() {
		defer g.helpers.Add(-1)
		g.receive(ctx, false)
	})
}

// take reads messages.
func (g *gathering) take(ctx context.Context, r received) {
	if r.isOfOneGroup() {
		g.crowded.Store(true)
	}
	for i := range r.deliveries {
		g.bytes.Add(int64(len(r.deliveries[i].Body)))
		g.messages <- g.drainer.read(ctx, r.deliveries[i], r.until)
	}
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
