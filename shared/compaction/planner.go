package compaction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// PlannerDeps are what a planner works with.
type PlannerDeps struct {
	Index   Finder
	Queue   queue.Sender
	Records Records // what Worker has set aside
	// Retention are the rules of what counts; nil is that all does.
	Retention Retention
	Now       func() time.Time
	Log       *slog.Logger
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
	rules, err := p.rules(ctx, tenant)
	if err != nil {
		return err
	}
	all := rows
	if bound := rules.Stored(now); !bound.IsZero() {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r blockindex.Row) bool { return !retention.Counts(&r, bound) })
	}
	jobs, planErr := p.plan(now, rows, rules, from == 0)
	// Only who has something to merge can have something that is to be left alone.
	if len(jobs) > 0 {
		left, err := p.leftAlone(ctx, tenant)
		if err != nil {
			return errors.Join(planErr, err)
		}
		if len(left) > 0 {
			before := len(rows)
			rows = slices.DeleteFunc(slices.Clone(rows), func(r blockindex.Row) bool { return left[r.ID] })
			done.Parked += before - len(rows)
			jobs, planErr = p.plan(now, rows, rules, from == 0)
		}
	}
	sent, err := p.send(ctx, jobs)
	done.Jobs += sent
	if err == nil && from == 0 {
		err = p.forget(ctx, tenant, now, all, rules)
	}
	return errors.Join(planErr, err)
}

// plan plans merges and, if the rows are those of all time, rewrites.
func (p *Planner) plan(now time.Time, rows []blockindex.Row, rules retention.Rules, whole bool) ([]Job, error) {
	jobs, err := Plan(now, rows, p.policy)
	if !whole {
		return jobs, err
	}
	taken := make(map[string]bool)
	for i := range jobs {
		for _, id := range jobs[i].sourceIDs() {
			taken[id] = true
		}
	}
	return append(jobs, PlanRewrites(now, rows, p.policy, rules, taken)...), err
}

func (p *Planner) rules(ctx context.Context, tenant profile.TenantID) (retention.Rules, error) {
	if p.Retention == nil {
		return retention.Rules{}, nil
	}
	return p.Retention.Of(ctx, tenant)
}

// leftAlone returns the blocks that nobody is to merge: of jobs that were set
// aside, and those that are empty.
func (p *Planner) leftAlone(ctx context.Context, tenant profile.TenantID) (map[string]bool, error) {
	parked, err := parkedSources(ctx, p.Records, tenant)
	if err != nil || p.Retention == nil {
		return parked, err
	}
	empty, err := p.Retention.Empty(ctx, tenant)
	maps.Copy(parked, empty)
	return parked, err
}

// forget removes the records of deletions that nobody needs any more.
func (p *Planner) forget(ctx context.Context, tenant profile.TenantID, now time.Time, rows []blockindex.Row, rules retention.Rules) error {
	if len(rules.Deleted) == 0 {
		return nil
	}
	for _, d := range settledDeletions(now, rows, rules) {
		if err := retention.Forget(ctx, p.Records, tenant, d); err != nil {
			return err
		}
	}
	return nil
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
