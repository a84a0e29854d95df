package fanout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// Settings say how a Runner works.
type Settings struct {
	Limits
	TurnLimits
	// WorkerTimeout is how long a worker may take. After half of it a second
	// one is asked the same.
	WorkerTimeout time.Duration
}

// DefaultSettings are those of a function on AWS.
func DefaultSettings() Settings {
	return Settings{
		Limits:        Limits{InlineBytes: 64 << 20, WorkerBytes: 64 << 20, WorkerBlocks: 128, MaxWorkers: 32},
		TurnLimits:    TurnLimits{Concurrency: 64, TenantConcurrency: 48, TenantQueries: 64},
		WorkerTimeout: 20 * time.Second,
	}
}

// Deps is what a Runner works with. All but Backend are required.
type Deps struct {
	Engine  *engine.Engine       // for inline plans
	Backend querybackend.Backend // nil: all plans are inline
	Now     func() time.Time
	Log     *slog.Logger
}

// Runner answers tasks. It may be used by many goroutines.
type Runner struct {
	settings Settings
	Deps
	turns *turns
}

// New returns a runner.
func New(s Settings, d Deps) *Runner {
	return &Runner{settings: s, Deps: d, turns: newTurns(s.TurnLimits)}
}

// Query is a task to be answered.
type Query struct {
	ID string // for the logs of workers
	// Tenant is whose turns it takes; blocks may be of others as well.
	Tenant profile.TenantID
	Task   engine.Task
	Blocks []*block.Meta
	// Again asks the index for the blocks once more; nil: it would not help.
	Again func(context.Context) ([]*block.Meta, error)
	// Inline answers from blocks in place of engine.Run, for those that need
	// less than the report; nil is engine.Run. It may be called twice, and the
	// last call counts.
	Inline func(context.Context, *engine.Engine, []*block.Meta) (*engine.Report, error)
	// Partial takes an answer from some of the blocks for one.
	Partial bool
	// Entered says that the caller has called Enter for the tenant, because the
	// task is one of several of the same query of a client.
	Entered bool
}

// Outcome is what it took to answer.
type Outcome struct {
	Blocks  int   // that can have something of the task
	Planned int64 // about how many bytes of them are read
	Workers int   // requests to workers, second tries included; 0 if it was inline
	Retries int   // second tries
	Replans int
	Missing []string // ids of the blocks that the report lacks, sorted
	Stats   querybackend.Stats
	// Slices and SliceHits are into how many slices the time was cut, and how
	// many of their results were kept from before. The caller of Run counts
	// them.
	Slices, SliceHits int
}

// Add adds the outcome of another task of the same request of a client.
func (o *Outcome) Add(x Outcome) {
	o.Blocks += x.Blocks
	o.Planned += x.Planned
	o.Workers += x.Workers
	o.Retries += x.Retries
	o.Replans += x.Replans
	o.Slices += x.Slices
	o.SliceHits += x.SliceHits
	o.Missing = append(o.Missing, x.Missing...)
	slices.Sort(o.Missing)
	o.Missing = slices.Compact(o.Missing)
	o.Stats.Counts.Add(x.Stats.Counts)
	o.Stats.CPU += x.Stats.CPU
}

// MissingError says that an answer would lack blocks.
type MissingError struct {
	Missing, Blocks int
	Err             error // why, of one of them; ErrNotExist if it is not there
	// Archived are how many of them have to be restored (objstore.ErrArchived),
	// and From and To the time of their profiles, Unix nanoseconds.
	Archived int
	From, To int64
}

// Error implements error.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%d of %d blocks could not be read: %v", e.Missing, e.Blocks, e.Err)
}

// Unwrap implements errors.Is.
func (e *MissingError) Unwrap() error { return e.Err }

// Enter counts a query of a tenant until leave is called, or refuses it with
// ErrBusy. Run does so by itself unless the query says Entered.
func (r *Runner) Enter(tenant profile.TenantID) (leave func(), err error) {
	if err := r.turns.enter(tenant); err != nil {
		return nil, err
	}
	return func() { r.turns.leave(tenant) }, nil
}

// Run answers a task. The error is a *MissingError if blocks are missing and no
// partial answer is taken, or if none is left; ErrBusy; engine.ErrTooManyPoints;
// or that of the context. The outcome is told also with an error.
func (r *Runner) Run(ctx context.Context, q Query) (*engine.Report, Outcome, error) {
	if !q.Entered {
		leave, err := r.Enter(q.Tenant)
		if err != nil {
			return nil, Outcome{}, err
		}
		defer leave()
	}
	t := r.try(ctx, &q, q.Blocks)
	if len(t.gone) > 0 && q.Again != nil && ctx.Err() == nil {
		blocks, err := q.Again(ctx)
		if err != nil {
			return nil, t.Outcome, err
		}
		again := r.try(ctx, &q, blocks)
		again.Replans = 1
		again.Workers += t.Workers
		again.Retries += t.Retries
		again.Stats.Counts.Add(t.Stats.Counts)
		again.Stats.CPU += t.Stats.CPU
		t = again
	}
	t.Missing = slices.Concat(t.Missing, t.gone, t.failed, t.archived)
	slices.Sort(t.Missing)
	t.Missing = slices.Compact(t.Missing)
	if t.fatal != nil {
		return nil, t.Outcome, t.fatal
	}
	if n := len(t.Missing); n > 0 && (!q.Partial || n >= t.Blocks) {
		return nil, t.Outcome, t.missing(n)
	}
	return t.report, t.Outcome, t.report.Check(&q.Task)
}

// try is one attempt to answer from what the index has.
type try struct {
	Outcome
	report       *engine.Report
	gone, failed []string
	archived     []string
	metas        []*block.Meta // that were to be read
	err          error         // why the first of the failed blocks failed
	fatal        error         // there is nothing to answer, not even a part
}

// missing is the error about n blocks.
func (t *try) missing(n int) *MissingError {
	e := &MissingError{Missing: n, Blocks: t.Blocks, Err: t.cause()}
	for _, m := range t.metas {
		if slices.Contains(t.archived, m.ID) {
			if e.Archived++; e.Archived == 1 || m.MinTime < e.From {
				e.From = m.MinTime
			}
			e.To = max(e.To, m.MaxTime)
		}
	}
	return e
}

func (t *try) cause() error {
	switch {
	case t.err != nil:
		return t.err
	case len(t.archived) > 0:
		return objstore.ErrArchived
	}
	return objstore.ErrNotExist
}

// lose notes blocks that could not be read.
func (t *try) lose(blocks []*block.Meta, err error) {
	for _, m := range blocks {
		t.failed = append(t.failed, m.ID)
	}
	if t.err == nil {
		t.err = err
	}
}

// try answers from blocks as far as they can be read.
func (r *Runner) try(ctx context.Context, q *Query, blocks []*block.Meta) *try {
	limits := r.settings.Limits
	var plan Plan
	if r.Backend == nil {
		limits.InlineBytes, limits.WorkerBlocks = 1<<62, len(blocks)
	}
	plan = NewPlan(limits, &q.Task, blocks)
	t := &try{Outcome: Outcome{Blocks: plan.NumBlocks, Planned: plan.Bytes}, report: engine.NewReport(q.Task.Want), metas: blocks}
	if plan.Inline {
		r.inline(ctx, q, plan.Blocks, t)
		return t
	}
	r.divide(ctx, q, plan.Shards, t)
	return t
}

// inline answers here.
func (r *Runner) inline(ctx context.Context, q *Query, blocks []*block.Meta, t *try) {
	if t.fatal = r.turns.take(ctx, q.Tenant); t.fatal != nil {
		return
	}
	defer r.turns.give(q.Tenant)
	var reads readstats.Counter
	var losses engine.Losses
	e := r.Engine.Tolerating(&losses)
	run := q.Inline
	if run == nil {
		run = func(ctx context.Context, e *engine.Engine, blocks []*block.Meta) (*engine.Report, error) {
			return e.Run(ctx, blocks, q.Task)
		}
	}
	report, err := run(readstats.With(ctx, &reads), e, blocks)
	t.Stats.Counts = reads.Counts()
	t.gone, t.failed, t.archived, t.err = losses.Gone(), losses.Failed(), losses.Archived(), losses.Err()
	switch {
	case err == nil:
		t.report = report
	case isFatal(ctx, err):
		t.fatal = err
	default:
		t.lose(blocks, err)
	}
}

// isFatal reports whether an error says that there is no answer, rather than
// that blocks are missing.
func isFatal(ctx context.Context, err error) bool {
	return errors.Is(err, engine.ErrTooManyPoints) || errors.Is(ctx.Err(), context.Canceled)
}
