package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// pod is a client that pushes a profile again and again.
type pod struct {
	number, pushes int
	tenant         profile.TenantID
	service        string
	r              *rand.Rand
	push           func(body []byte) bool // whether it is safe
	period         time.Duration          // between two pushes, about
	redeploy       time.Duration          // how often it gets a new name
	large          int                    // one of so many profiles does not fit into a message
	retry          int                    // it waits for up to 1<<retry seconds before it pushes again
}

// steadyService is a service whose profiles have the same functions again and
// again.
const steadyService = "service-2"

// pod pushes until the end, again what it is not told to be safe, and at times
// although it is. When it was deployed anew it has another name.
func (s *soak) pod(c *pod, end time.Time) {
	for i := 0; ; i++ {
		time.Sleep(c.period/2 + time.Duration(c.r.Int64N(int64(c.period))))
		now := time.Now()
		if now.After(end) || s.broken() {
			return
		}
		p := &pushed{
			tenant: c.tenant, service: c.service, pod: fmt.Sprintf("pod-%d-%d", c.number, now.Sub(s.start)/c.redeploy),
			function: fmt.Sprintf("pod%d.f%d", c.number, i), value: 2 * (1 + c.r.Int64N(1000)),
			at: now.Add(-time.Duration(c.r.Int64N(int64(20 * time.Second)))).Truncate(time.Millisecond),
		}
		if c.service == steadyService { // sums over time save something here
			p.leaf = fmt.Sprint("steady.f", c.r.IntN(3))
		}
		if c.r.IntN(15) == 0 { // kept back for a while
			p.at = p.at.Add(-time.Duration(c.r.Int64N(int64(30 * time.Minute)))).Truncate(time.Millisecond)
		}
		s.truth.push(p)
		body := requestFrom(p, p.service, p.pod, c.r, c.r.IntN(c.large) == 0)
		for range 4 {
			c.pushes++
			if c.push(body) {
				s.truth.ack(p.function)
				if c.r.IntN(20) > 0 {
					break
				}
			}
			time.Sleep(time.Duration(c.r.Int64N(int64(time.Second) << c.r.IntN(c.retry+1))))
		}
	}
}

func (p *process) jobs(s *soak) stagedQueue { return stagedQueue{p, s.jobs, "jobs"} }

// soakPolicy is the one by default, but that blocks of a few profiles have
// several volumes and shards.
func soakPolicy() compaction.Policy {
	p := compaction.DefaultPolicy()
	p.Merge.VolumeBytes, p.Merge.ShardBytes, p.Merge.FetchBytes, p.Merge.PartSamples = 64<<10, 32<<10, 64<<10, 400
	return p
}

// plan is a run of the compact-plan function.
func (s *soak) plan(p *process) (time.Duration, func(context.Context) error) {
	return time.Minute, func(ctx context.Context) error {
		_, err := compaction.NewPlanner(soakPolicy(), compaction.PlannerDeps{
			Index: p.index(), Queue: p.jobs(s), Records: stagedRecords{s.records, p}, Retention: s.retention(p), Now: p.now, Log: discard(),
		}).Run(ctx)
		return err
	}
}

// mostWorkers is how many compact workers there are at once.
const mostWorkers = 3

// hireWorkers starts workers in the place of those that have ended.
func (s *soak) hireWorkers() {
	var alive []*process
	for _, p := range s.workers {
		if !s.stage.isDead(p) {
			alive = append(alive, p)
		}
	}
	for len(alive) < mostWorkers {
		alive = append(alive, s.spawn("worker", s.work))
	}
	s.workers = alive
}

// work is a process that does jobs, as the event source of the compact function
// has it: one at a time.
func (s *soak) work(p *process) (time.Duration, func(context.Context) error) {
	const life = 10 * time.Minute
	settings := compaction.DefaultWorkerSettings()
	return life, func(ctx context.Context) error {
		blocks, err := block.NewReader(p.store())
		if err != nil {
			return err
		}
		var index compaction.Index = p.index()
		if s.compactIndex != nil {
			index = s.compactIndex(p, index)
		}
		jobs := p.jobs(s)
		worker := compaction.NewWorker(settings, compaction.WorkerDeps{
			Compactor: compaction.New(soakPolicy(), compaction.Deps{
				Store: p.store(), Index: index, Blocks: blocks, Retention: s.retention(p), Now: p.now, Log: discard(),
			}),
			Leases: jobs, Records: stagedRecords{s.records, p}, Now: p.now, Log: discard(),
		})
		begin := time.Now()
		for ctx.Err() == nil && time.Since(begin) < life/2 {
			taken, err := jobs.Receive(ctx, 1, queue.MaxWait, settings.Lease)
			if errors.Is(err, errCrashed) {
				return err
			}
			for _, d := range taken {
				if worker.Do(ctx, d) == nil {
					_ = jobs.Delete(ctx, []string{d.Handle}) // otherwise it comes again
				}
			}
		}
		return nil
	}
}

// sweep is a run of the sweep function: of every fourth it looks for objects
// without a row.
func (s *soak) sweep(p *process) (time.Duration, func(context.Context) error) {
	s.sweeps++
	orphans := s.sweeps%4 == 0 || s.sweepSettings != nil
	settings := sweep.DefaultSettings()
	if s.sweepSettings != nil {
		s.sweepSettings(&settings)
	}
	return 5 * time.Minute, func(ctx context.Context) error {
		sweeper := sweep.New(settings, sweep.Deps{
			Store: p.store(), Index: p.index(), Retention: s.retention(p), Now: p.now, Log: discard(),
		})
		var swept sweep.Stats
		var orphansErr error
		if orphans {
			swept, orphansErr = sweeper.Orphans(ctx)
		}
		rows, err := sweeper.Rows(ctx)
		swept.Add(rows)
		s.truth.mu.Lock()
		defer s.truth.mu.Unlock()
		s.figures.swept += swept.Replaced
		s.figures.orphans += swept.Orphans
		return errors.Join(orphansErr, err)
	}
}

// stagedRecords are records as a process sees them.
type stagedRecords struct {
	inner compaction.Records
	p     *process
}

func (s stagedRecords) Get(ctx context.Context, name records.Name) (records.Record, error) {
	return do(ctx, s.p, "GetRecord", name.Key, func() (records.Record, error) { return s.inner.Get(context.Background(), name) })
}

func (s stagedRecords) List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error) {
	return do(ctx, s.p, "ListRecords", string(tenant), func() ([]records.Record, error) {
		return s.inner.List(context.Background(), tenant, kind)
	})
}

func (s stagedRecords) Put(ctx context.Context, r records.Record) (uint64, error) {
	return do(ctx, s.p, "PutRecord", r.Key, func() (uint64, error) { return s.inner.Put(context.Background(), r) })
}

func (s stagedRecords) Delete(ctx context.Context, name records.Name, version uint64) error {
	_, err := do(ctx, s.p, "DeleteRecord", name.Key, func() (nothing, error) {
		return nothing{}, s.inner.Delete(context.Background(), name, version)
	})
	return err
}

// retention tells a process what counts.
func (s *soak) retention(p *process) retention.Reader {
	return retention.Reader{Store: stagedRecords{s.records, p}}
}
