package assembly

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func policy(compactBytes int64) compaction.Policy {
	p := compaction.DefaultPolicy()
	p.MaxBytes = compactBytes
	return p
}

// sums leaves the sums over time out of a policy if they are not wanted.
func sums(p compaction.Policy, wanted bool) compaction.Policy {
	for i := range p.Levels {
		if !wanted {
			p.Levels[i].Steps = nil
		}
	}
	return p
}

// CompactPlan returns the compact-plan function: a run looks for blocks to
// merge and puts jobs on the queue.
func CompactPlan(h Host, c config.CompactPlan, index compaction.Finder, jobs queue.Sender, store compaction.Records) (lambdahost.ScheduleFunc, error) {
	planner := compaction.NewPlanner(policy(c.CompactBytes), compaction.PlannerDeps{
		Index: index, Queue: jobs, Records: store, Retention: retention.Reader{Store: store, Default: c.Retention},
		Now: h.Now, Log: h.Log,
	})
	return lambdahost.Schedule(func(ctx context.Context) error {
		done, err := planner.Run(ctx)
		telemetry.Annotate(ctx, slog.Int("tenants", done.Tenants), slog.Int("jobs", done.Jobs),
			slog.Int("parked", done.Parked), slog.Int("failed", done.Failed))
		if isStopped(ctx) {
			return nil
		}
		return err
	}, h.options("compact-plan")), nil
}

// Compact returns the compact function, which does one job of the queue. Any
// number of them may run at once; each takes memory for a
// merge (see block.DefaultMergeOptions), so that whoever starts them bounds how
// many.
func Compact(h Host, c config.Compact, store compaction.Store, index compaction.Index, jobs compaction.Leases, facts compaction.Records) (lambdahost.MessageFunc, error) {
	blocks, err := block.NewReader(store)
	if err != nil {
		return nil, fmt.Errorf("assemble compact: %w", err)
	}
	s := compaction.DefaultWorkerSettings()
	s.Lease, s.Attempts = c.JobLease, c.JobAttempts
	worker := compaction.NewWorker(s, compaction.WorkerDeps{
		Compactor: compaction.New(sums(policy(c.CompactBytes), c.CompactSums), compaction.Deps{
			Store: store, Index: index, Blocks: blocks, Retention: retention.Reader{Store: facts, Default: c.Retention}, Now: h.Now, Log: h.Log,
		}),
		Leases: jobs, Records: facts, Now: h.Now, Log: h.Log,
	})
	return lambdahost.Message(worker.Do, h.options("compact")), nil
}
