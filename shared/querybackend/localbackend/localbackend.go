// Package localbackend is the query backend within one process: a worker is a
// plain call. Requests and answers take the way over the wire form all the
// same, so that a laptop runs what AWS runs.
package localbackend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// Worker answers calls; queryworker.Worker.Answer is one.
type Worker func(context.Context, querybackend.Call) (querybackend.Reply, error)

// Backend is a query backend. It may be used by many goroutines.
type Backend struct {
	worker Worker
	store  objstore.Reader
	now    func() time.Time

	ctx     context.Context // of what was started
	stop    context.CancelFunc
	mu      sync.Mutex // guards against Start after Close
	closed  bool
	started sync.WaitGroup
}

var (
	_ querybackend.Backend = (*Backend)(nil)
	_ querybackend.Starter = (*Backend)(nil)
)

// New returns a backend that asks the worker; large answers come by way of the
// store.
func New(worker Worker, store objstore.Reader, now func() time.Time) *Backend {
	b := &Backend{worker: worker, store: store, now: now}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// Ask implements querybackend.Backend.
func (b *Backend) Ask(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
	call, err := querybackend.NewCall(ctx, r, b.now)
	if err != nil {
		return nil, err
	}
	reply, err := b.worker(ctx, call)
	if err != nil {
		err = fmt.Errorf("%w: %w", querybackend.ErrWorker, err)
	} else {
		var a *querybackend.Answer
		if a, err = reply.Open(ctx, b.store, r); err == nil {
			return a, nil
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("ask query worker: %w (%w)", context.Cause(ctx), err)
	}
	return nil, err
}

// errClosed is the error of Start after Close.
var errClosed = errors.New("the host is shutting down")

// Start implements querybackend.Starter by a goroutine, which ends with Close.
// The worker puts the reply into the store.
func (b *Backend) Start(_ context.Context, r *querybackend.Request, key string, timeout time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return fmt.Errorf("%w: %w", querybackend.ErrWorker, errClosed)
	}
	call := querybackend.Call{Request: r.Append(nil), Query: r.Query, TimeoutMillis: timeout.Milliseconds(), ReplyKey: key}
	b.started.Go(func() { _, _ = b.worker(b.ctx, call) }) // the worker logs
	return nil
}

// Close stops what was started and waits until it has ended.
func (b *Backend) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.stop()
	b.started.Wait()
}
