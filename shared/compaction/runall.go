package compaction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

const (
	// wholeEvery is how often RunAll looks at all of time; in between it looks
	// at what is recent, which costs a fraction.
	wholeEvery = time.Hour
	// ahead is how far in the future profiles may be.
	ahead = 24 * time.Hour
	// spare is kept free at the end of a run's time: no job is begun then.
	spare = 30 * time.Second
)

// Stats is what a run did.
type Stats struct {
	Jobs     int   // done
	Sources  int   // replaced by them
	BytesIn  int64 // of the sources' objects
	BytesOut int64 // of the merged ones
	Stale    int   // jobs that were dropped: ErrStale, nothing of the sources counts, or they are archived
	Failed   int   // jobs and tenants that failed; they are planned again next time
}

func (s *Stats) add(o Stats) {
	s.Jobs += o.Jobs
	s.Sources += o.Sources
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	s.Stale += o.Stale
	s.Failed += o.Failed
}

// RunAll plans and does jobs, tenant by tenant, until there are none or the
// context is about to end. What fails does not keep the rest from being done;
// the error joins all of it. Jobs are done one at a time, which bounds memory.
func (c *Compactor) RunAll(ctx context.Context) (Stats, error) {
	var stats Stats
	tenants, err := c.Index.Tenants(ctx)
	if err != nil {
		return stats, fmt.Errorf("compact: %w", err)
	}
	now := c.Now()
	from, whole := now.Add(-c.policy.settled()).UnixNano(), now.Sub(c.wholeAt) >= wholeEvery
	if whole {
		from = 0
	}
	var errs []error
	for _, tenant := range tenants {
		s, err := c.runTenant(ctx, tenant, from)
		stats.add(s)
		errs = append(errs, err)
	}
	if whole && !c.over(ctx) && stats.Failed == 0 {
		c.wholeAt = now
	}
	return stats, errors.Join(errs...)
}

// runTenant does jobs of a tenant until there are none: what one has merged may
// be a source of the next.
func (c *Compactor) runTenant(ctx context.Context, tenant profile.TenantID, from int64) (Stats, error) {
	var stats Stats
	var errs []error
	failed := make(map[string]bool)
	for !c.over(ctx) {
		now := c.Now()
		rows, err := c.Index.Find(ctx, tenant, from, horizon(now, from))
		if err != nil {
			stats.Failed++
			return stats, errors.Join(append(errs, fmt.Errorf("compact tenant %s: %w", tenant, err))...)
		}
		s, err := c.runJobs(ctx, now, rows, failed)
		stats.add(s)
		errs = append(errs, err)
		if s.Jobs == 0 {
			break
		}
	}
	return stats, errors.Join(errs...)
}

// horizon is the last time that RunAll looks at.
func horizon(now time.Time, from int64) int64 {
	if from == 0 {
		return math.MaxInt64
	}
	return now.Add(ahead).UnixNano()
}

// runJobs does the jobs that these rows give, but for those that have failed.
func (c *Compactor) runJobs(ctx context.Context, now time.Time, rows []blockindex.Row, failed map[string]bool) (Stats, error) {
	var stats Stats
	var errs []error
	jobs, err := Plan(now, rows, c.policy)
	if err != nil && !failed[""] {
		failed[""] = true // once in a run is enough
		stats.Failed++
		errs = append(errs, err)
	}
	for _, j := range jobs {
		if c.over(ctx) {
			break
		}
		if failed[j.ID] {
			continue
		}
		meta, err := c.Run(ctx, j)
		switch {
		case errors.Is(err, ErrStale), errors.Is(err, block.ErrNothingCounts), errors.Is(err, objstore.ErrArchived):
			stats.Stale++
			failed[j.ID] = true
		case err != nil:
			stats.Failed++
			failed[j.ID] = true
			errs = append(errs, err)
		default:
			stats.add(Stats{Jobs: 1, Sources: len(j.Sources), BytesIn: j.Bytes, BytesOut: meta.Size})
			c.Log.LogAttrs(ctx, slog.LevelDebug, "blocks merged",
				slog.String(telemetry.KeyTenant, string(j.Tenant)), slog.String(telemetry.KeyBlock, meta.ID),
				slog.Int(telemetry.KeyLevel, j.Level), slog.Int("sources", len(j.Sources)),
				slog.Int64(telemetry.KeyProfiles, meta.Profiles), slog.Int64(telemetry.KeyBytes, meta.Size))
		}
	}
	return stats, errors.Join(errs...)
}

// over reports whether no job should be begun any more.
func (c *Compactor) over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && c.Now().Add(spare).After(deadline)
}
