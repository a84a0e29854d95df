package fanout

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// When a worker counts as late: when it has taken so many times what half of
// the shards took at most, but not before leastLate, within which workers that
// start differ.
const (
	lateFactor = 3
	leastLate  = time.Second
)

// maxTries is how often a shard is asked for.
const maxTries = 2

// division is a task under way at several workers. One goroutine decides (run);
// those that ask send it what happens.
type division struct {
	*Runner
	q      *Query
	t      *try
	events chan event
	asking sync.WaitGroup
	slots  chan struct{} // of requests at the same time

	shards []shardState
	open   int // shards without an answer
	took   []time.Duration
}

// shardState is how far a shard is.
type shardState struct {
	Shard
	ctx     context.Context
	cancel  context.CancelFunc
	tries   int // begun
	running int
	began   time.Time // of the first try; zero while it waits for its turn
	done    bool
}

// event is that a try has got its turn, or that it is over.
type event struct {
	shard  int
	over   bool
	answer *querybackend.Answer
	err    error
	took   time.Duration
}

// divide asks workers for the shards and merges what they answer.
func (r *Runner) divide(ctx context.Context, q *Query, shards []Shard, t *try) {
	ctx, cancel := context.WithCancel(ctx)
	d := &division{
		Runner: r, q: q, t: t, open: len(shards), shards: make([]shardState, len(shards)),
		events: make(chan event, 2*maxTries*len(shards)), // nobody waits to tell
		slots:  make(chan struct{}, r.settings.MaxWorkers),
	}
	for i := range shards {
		d.shards[i].Shard = shards[i]
		d.shards[i].ctx, d.shards[i].cancel = context.WithCancel(ctx)
		d.ask(i)
	}
	d.run(ctx)
	cancel() // the workers whose answers are not needed
	d.asking.Wait()
}

// run decides until every shard is answered or given up.
func (d *division) run(ctx context.Context) {
	timer := time.NewTimer(d.settings.WorkerTimeout)
	defer timer.Stop()
	for d.open > 0 && d.t.fatal == nil {
		if next, any := d.askLate(); any {
			timer.Reset(next)
		}
		select {
		case e := <-d.events:
			d.see(ctx, &e)
		case <-timer.C:
		case <-ctx.Done():
			d.giveUp(ctx)
			return
		}
	}
}

// giveUp ends a task whose time is up or whose client is gone.
func (d *division) giveUp(ctx context.Context) {
	if isFatal(ctx, context.Cause(ctx)) {
		d.t.fatal = context.Cause(ctx)
		return
	}
	for i := range d.shards {
		if !d.shards[i].done {
			d.t.lose(d.shards[i].Blocks, context.Cause(ctx))
		}
	}
}

// ask begins a try.
func (d *division) ask(i int) {
	s := &d.shards[i]
	s.tries++
	s.running++
	d.asking.Go(func() {
		e := event{shard: i, over: true}
		if e.err = d.turn(s.ctx); e.err == nil {
			d.events <- event{shard: i}
			began := d.Now()
			e.answer, e.err = d.askOnce(s.ctx, &s.Shard)
			e.took = d.Now().Sub(began)
			d.turns.give(d.q.Tenant)
			<-d.slots
		}
		d.events <- e
	})
}

// turn waits until a worker may be asked: for a slot of the query, then for a
// turn of the tenant.
func (d *division) turn(ctx context.Context) error {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := d.turns.take(ctx, d.q.Tenant); err != nil {
		<-d.slots
		return err
	}
	return nil
}

func (d *division) askOnce(ctx context.Context, s *Shard) (*querybackend.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d.settings.WorkerTimeout)
	defer cancel()
	return d.Backend.Ask(ctx, &querybackend.Request{Tenant: s.Tenant, Query: d.q.ID, Task: d.q.Task, Blocks: s.Blocks})
}

// see takes note of an event.
func (d *division) see(ctx context.Context, e *event) {
	s := &d.shards[e.shard]
	if !e.over {
		d.t.Workers++
		if s.began.IsZero() {
			s.began = d.Now()
		}
		return
	}
	s.running--
	switch {
	case s.done: // the other try was faster
	case e.err == nil:
		d.took = append(d.took, e.took)
		d.end(s)
		d.accept(e.answer)
	case errors.Is(e.err, engine.ErrTooManyPoints):
		d.t.fatal = e.err
	case ctx.Err() != nil: // run sees to it
	default:
		d.fail(e.shard, e.err)
	}
}

// fail sees to a try that failed: another one, or the blocks are missing.
func (d *division) fail(i int, err error) {
	s := &d.shards[i]
	d.Log.LogAttrs(s.ctx, slog.LevelWarn, "query worker failed", slog.String(telemetry.KeyTenant, string(s.Tenant)),
		slog.Int(telemetry.KeyBlocks, len(s.Blocks)), slog.Int("try", s.tries), telemetry.Err(err))
	again := !errors.Is(err, querybackend.ErrRequest) && !errors.Is(err, querybackend.ErrTooLarge)
	switch {
	case again && s.tries < maxTries:
		d.t.Retries++
		d.ask(i)
	case s.running == 0:
		d.t.lose(s.Blocks, err)
		d.end(s)
	}
}

func (d *division) end(s *shardState) {
	s.done = true
	s.cancel()
	d.open--
}

// accept merges the first answer of a shard. One that lacks blocks for another
// reason than that they are gone is not asked for once more: whoever reads
// blocks has tried that.
func (d *division) accept(a *querybackend.Answer) {
	d.t.report.Merge(a.Report)
	d.t.gone = append(d.t.gone, a.Gone...)
	d.t.failed = append(d.t.failed, a.Failed...)
	d.t.archived = append(d.t.archived, a.Archived...)
	if len(a.Failed) > 0 && d.t.err == nil {
		d.t.err = querybackend.ErrWorker
	}
	d.t.Stats.Counts.Add(a.Stats.Counts)
	d.t.Stats.CPU += a.Stats.CPU
	if err := d.t.report.Check(&d.q.Task); err != nil {
		d.t.fatal = err
	}
}

// askLate asks once more for shards whose worker is late, and returns how long
// it is until the next would be; false if there is none.
func (d *division) askLate() (next time.Duration, any bool) {
	limit, now := d.patience(), d.Now()
	for i := range d.shards {
		s := &d.shards[i]
		if s.done || s.tries >= maxTries || s.began.IsZero() {
			continue
		}
		left := limit - now.Sub(s.began)
		if left <= 0 {
			d.t.Retries++
			d.ask(i)
			continue
		}
		if !any || left < next {
			next, any = left, true
		}
	}
	return next, any
}

// patience is after what time a worker counts as late.
func (d *division) patience() time.Duration {
	half := d.settings.WorkerTimeout / 2
	if n := len(d.took); n > 0 && 2*n >= len(d.shards) {
		slices.Sort(d.took)
		return min(half, max(leastLate, lateFactor*d.took[n/2]))
	}
	return half
}
