// Package localbackend is the query backend within one process: a worker is a
// plain call. Requests and answers take the way over the wire form all the
// same, so that a laptop runs what AWS runs.
package localbackend

import (
	"context"
	"fmt"
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
}

var _ querybackend.Backend = (*Backend)(nil)

// New returns a backend that asks the worker; large answers come by way of the
// store.
func New(worker Worker, store objstore.Reader, now func() time.Time) *Backend {
	return &Backend{worker, store, now}
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
