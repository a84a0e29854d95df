// Package engine answers queries from blocks: it reads the parts of them that a
// query needs, adds values up by stack-trace number, and resolves symbols only
// for what is left.
//
// It knows blocks and selectors, but neither the index nor HTTP: package query
// tells it which blocks to read.
package engine

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// maxReads is how many objects of one query are read at once: enough to hide the
// store's latency, few enough that what waits to be decoded stays small.
const maxReads = 8

// Engine answers queries. It may be used by many goroutines.
type Engine struct {
	reader  *block.Reader
	workers int
	losses  *Losses // nil: a block that cannot be read fails the task
}

// New returns an engine that decodes on as many processors as the process has.
func New(reader *block.Reader) *Engine {
	return &Engine{reader: reader, workers: runtime.GOMAXPROCS(0)}
}

// Query selects profiles.
type Query struct {
	Selector selector.Selector
	Type     profile.Type // not of queries about labels
	// From and To are the first and the last time, Unix nanoseconds.
	From, To int64
	// Bounds leaves out what was deleted or has expired, by tenant and service.
	Bounds block.Bounds
	// Spans restricts the query to the samples of these spans; nil is all.
	Spans map[uint64]bool
	// Traces restricts it to the samples of these traces; nil is all.
	Traces map[TraceID]bool
	// Profiles restricts it to the profiles of these ids; nil is all.
	Profiles map[profile.ID]bool
	// CallSite restricts it to the samples whose stack traces begin with these
	// functions, from the root on; none is all.
	CallSite []string
}

// TraceID is the halves of the big-endian number that identifies a trace.
type TraceID struct{ Hi, Lo uint64 }

// selectsSpans reports whether the spans of samples decide about the query.
func (q *Query) selectsSpans() bool { return q.Spans != nil || q.Traces != nil }

// selectsSamples reports whether the query is about parts of profiles, so that
// their totals say nothing.
func (q *Query) selectsSamples() bool { return q.selectsSpans() || len(q.CallSite) > 0 }

// sums reports over which steps sums of profiles answer the query as the profiles
// do; nil is over none. Sums have series and stack traces, but neither spans nor
// ids.
func (q *Query) sums() func(step int64) bool {
	if q.selectsSpans() || q.Profiles != nil {
		return nil
	}
	return func(int64) bool { return true }
}

// selectsSpan reports whether the query is about the samples of a span, given
// as a block holds it.
func (q *Query) selectsSpan(span, hi, lo int64) bool {
	return (q.Spans == nil || q.Spans[uint64(span)]) &&
		(q.Traces == nil || q.Traces[TraceID{uint64(hi), uint64(lo)}])
}

// each reads what the request wants of the blocks and hands the datasets to
// workers, each with a state of its own; it returns the states. Reading runs
// ahead of decoding by a few blocks.
func each[W any](ctx context.Context, e *Engine, blocks []*block.Meta, req block.Request,
	newWorker func() W, do func(W, *block.Decoder, *block.Dataset) error,
) ([]W, error) {
	datasets := make(chan *block.Dataset)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(datasets)
		return e.read(ctx, blocks, req, datasets)
	})
	workers := make([]W, e.workers)
	for i := range workers {
		workers[i] = newWorker()
		g.Go(func() error {
			dec := e.reader.NewDecoder()
			for d := range datasets {
				if err := do(workers[i], dec, d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return workers, nil
}

// read sends the datasets of the blocks. The volumes of a block are read as if
// they were blocks of their own.
func (e *Engine) read(ctx context.Context, blocks []*block.Meta, req block.Request, to chan<- *block.Dataset) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxReads)
	for _, m := range blocks {
		for _, v := range m.Split() {
			g.Go(func() error { return e.readVolume(ctx, v, req, to) })
		}
	}
	return g.Wait()
}

func (e *Engine) readVolume(ctx context.Context, v *block.Meta, req block.Request, to chan<- *block.Dataset) error {
	err := e.reader.Read(ctx, v, req, func(d *block.Dataset) error {
		select {
		case to <- d:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if err != nil && e.losses != nil && ctx.Err() == nil && e.losses.note(v.ID, err) {
		return nil
	}
	return err
}
