package query

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// fromSlices answers a task with what is kept of slices of its time. It is not
// done if nothing is kept of such a task, or if something went wrong that could
// go well without slices, such as a block that was swept meanwhile: then the
// task is to be answered as a whole.
func (h *Handler) fromSlices(ctx context.Context, f *found, t *engine.Task) (report *engine.Report, done bool, err error) {
	if len(f.tenants) != 1 {
		return nil, false, nil
	}
	p := h.Results.Plan(f.tenants[0], t, f.blocks)
	if p == nil {
		return nil, false, nil
	}
	leave, err := h.runner.Enter(f.tenants[0])
	if err != nil {
		return nil, true, err
	}
	defer leave()
	var mu sync.Mutex
	var sum fanout.Outcome
	report, used, err := h.Results.Answer(ctx, p, func(ctx context.Context, t engine.Task) (*engine.Report, error) {
		r, o, err := h.runner.Run(ctx, fanout.Query{
			ID: telemetry.RequestID(ctx), Tenant: f.tenants[0], Task: t, Blocks: p.Blocks, Entered: true,
		})
		mu.Lock()
		defer mu.Unlock()
		sum.Add(o)
		return r, err
	})
	// A block that has something of several slices is one block all the same.
	sum.Blocks, sum.Missing = 0, nil
	done = err == nil || errors.Is(err, engine.ErrTooManyPoints) || ctx.Err() != nil
	if done {
		sum.Blocks = len(p.Blocks)
		sum.Slices, sum.SliceHits = used.Slices, used.Hits
	} else {
		h.Log.LogAttrs(ctx, slog.LevelWarn, "query is answered without slices",
			slog.String(telemetry.KeyTenant, joinTenants(f.tenants)), telemetry.Err(err))
	}
	accountOf(ctx).add(sum)
	return report, done, err
}
