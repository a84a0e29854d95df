package assembly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// orphansEvery is how often the store is listed for objects without a row.
const orphansEvery = time.Hour

// Compact returns the compact function: a run merges what there is to merge
// and, when it is due, deletes what nobody needs any more.
func Compact(h Host, c config.Compact, store objstore.Store, index blockindex.Index) (lambdahost.ScheduleFunc, error) {
	blocks, err := block.NewReader(store)
	if err != nil {
		return nil, fmt.Errorf("assemble compact: %w", err)
	}
	policy := compaction.DefaultPolicy()
	policy.MaxBytes = c.CompactBytes
	compactor := compaction.New(policy, compaction.Deps{Store: store, Index: index, Blocks: blocks, Now: h.Now, Log: h.Log})
	s := sweep.DefaultSettings()
	s.Delay, s.Retention = c.SweepDelay, c.Retention
	cleaner := &cleaner{
		sweeper: sweep.New(s, sweep.Deps{Store: store, Index: index, Now: h.Now, Log: h.Log}),
		every:   c.SweepInterval, now: h.Now,
	}
	return lambdahost.Schedule(func(ctx context.Context) error {
		done, err := compactor.RunAll(ctx)
		swept, sweepErr := cleaner.run(ctx)
		telemetry.Annotate(ctx,
			slog.Int("jobs", done.Jobs), slog.Int("sources", done.Sources), slog.Int64("bytes_read", done.BytesIn),
			slog.Int64("bytes_written", done.BytesOut), slog.Int("stale", done.Stale),
			slog.Int("replaced", swept.Replaced), slog.Int("expired", swept.Expired), slog.Int("orphans", swept.Orphans),
			slog.Int64("bytes_deleted", swept.Bytes), slog.Int("failed", done.Failed+swept.Failed),
		)
		if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
			return nil // told to stop: what is not done is done next time
		}
		return errors.Join(err, sweepErr)
	}, h.options("compact")), nil
}

// cleaner sweeps when it is time to, as far as this process knows. To sweep
// too often costs some requests and does no harm.
type cleaner struct {
	sweeper         *sweep.Sweeper
	every           time.Duration
	now             func() time.Time
	rowsAt, listsAt time.Time // of the last sweeps that began
}

func (c *cleaner) run(ctx context.Context) (sweep.Stats, error) {
	now := c.now()
	if c.every <= 0 || now.Sub(c.rowsAt) < c.every || ctx.Err() != nil {
		return sweep.Stats{}, nil
	}
	c.rowsAt = now
	var orphans sweep.Stats
	var orphansErr error
	if now.Sub(c.listsAt) >= orphansEvery {
		c.listsAt = now
		// First, so that the objects of rows that expire now stay for those
		// who are reading them.
		orphans, orphansErr = c.sweeper.Orphans(ctx)
	}
	stats, err := c.sweeper.Rows(ctx)
	stats.Add(orphans)
	return stats, errors.Join(orphansErr, err)
}
