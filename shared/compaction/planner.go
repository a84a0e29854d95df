package compaction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// PlannerDeps are what a planner works with.
type PlannerDeps struct {
	Index   Finder
	Queue   queue.Sender
	Records Records // what Worker has set aside
	Now     func() time.Time
	Log     *slog.Logger
}

// Planner looks for blocks to merge and puts jobs on the queue. It may run
// anywhere and anytime, beside others too: a job that is on the queue already
// is the same message, which the queue drops for as long as it knows of it, and
// one that is done or stale by the time it comes up costs one look at the index.
type Planner struct {
	policy Policy
	PlannerDeps
	wholeAt time.Time // when Run looked at all of time last
}

// NewPlanner returns a planner. Its Run may be called one at a time.
func NewPlanner(p Policy, d PlannerDeps) *Planner { return &Planner{policy: p, PlannerDeps: d} }

// Planned is what a run of a planner did.
type Planned struct {
	Tenants int // looked at
	Jobs    int // put on the queue
	Parked  int // blocks that were left alone because jobs with them were set aside
	Failed  int // tenants for which not all was planned
}

// Run plans for all tenants. What fails for one does not keep it from planning
// for others, and is planned by the next run; the error joins all of it.
func (p *Planner) Run(ctx context.Context) (Planned, error) {
	var done Planned
	tenants, err := p.Index.Tenants(ctx)
	if err != nil {
		return done, fmt.Errorf("plan compaction: %w", err)
	}
	now := p.Now()
	from, whole := now.Add(-p.policy.settled()).UnixNano(), now.Sub(p.wholeAt) >= wholeEvery
	if whole {
		from = 0
	}
	var errs []error
	for _, tenant := range tenants {
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
		done.Tenants++
		if err := p.tenant(ctx, tenant, from, now, &done); err != nil {
			done.Failed++
			errs = append(errs, fmt.Errorf("plan compaction of tenant %s: %w", tenant, err))
		}
	}
	if whole && len(errs) == 0 {
		p.wholeAt = now
	}
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsPlanned, float64(done.Jobs))
	return done, errors.Join(errs...)
}

func (p *Planner) tenant(ctx context.Context, tenant profile.TenantID, from int64, now time.Time, done *Planned) error {
	rows, err := p.Index.Find(ctx, tenant, from, horizon(now, from))
	if err != nil {
		return err
	}
	jobs, planErr := Plan(now, rows, p.policy)
	if len(jobs) == 0 {
		return planErr
	}
	// Only who has something to merge can have something that was set aside.
	parked, err := parkedSources(ctx, p.Records, tenant)
	if err != nil {
		return errors.Join(planErr, err)
	}
	if len(parked) > 0 {
		before := len(rows)
		rows = slices.DeleteFunc(rows, func(r blockindex.Row) bool { return parked[r.ID] })
		done.Parked += before - len(rows)
		jobs, planErr = Plan(now, rows, p.policy)
	}
	sent, err := p.send(ctx, jobs)
	done.Jobs += sent
	return errors.Join(planErr, err)
}

// send puts jobs on the queue and returns how many.
func (p *Planner) send(ctx context.Context, jobs []Job) (int, error) {
	sent := 0
	for chunk := range slices.Chunk(jobs, queue.MaxBatch) {
		var batch []queue.Message
		for _, j := range chunk {
			m, err := ticketOf(j).message()
			if err != nil {
				return sent, err
			}
			batch = append(batch, m)
		}
		if err := queue.First(p.Queue.Send(ctx, batch)); err != nil {
			return sent, fmt.Errorf("put jobs on the queue: %w", err)
		}
		sent += len(batch)
	}
	return sent, nil
}
