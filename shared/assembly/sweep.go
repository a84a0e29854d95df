package assembly

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// orphansEvery is how often the store is listed for objects without a row.
const orphansEvery = time.Hour

// Sweep returns the sweep function: a run deletes what nobody needs any more.
func Sweep(h Host, c config.Sweep, store sweep.Store, index sweep.Index, facts retention.Lister) (lambdahost.ScheduleFunc, error) {
	s := sweep.DefaultSettings()
	s.Delay = c.SweepDelay
	rules := retention.Reader{Store: facts, Default: c.Retention}
	cleaner := &cleaner{sweeper: sweep.New(s, sweep.Deps{Store: store, Index: index, Retention: rules, Now: h.Now, Log: h.Log}), now: h.Now}
	return lambdahost.Schedule(func(ctx context.Context) error {
		swept, err := cleaner.run(ctx)
		telemetry.Annotate(ctx,
			slog.Int("replaced", swept.Replaced), slog.Int("expired", swept.Expired), slog.Int("orphans", swept.Orphans), slog.Int("answers", swept.Answers), slog.Int("uploads", swept.Uploads), slog.Int("results", swept.Results), slog.Int("inbox", swept.Inbox),
			slog.Int64("bytes_deleted", swept.Bytes), slog.Int("failed", swept.Failed),
		)
		if isStopped(ctx) {
			return nil
		}
		return err
	}, h.options("sweep")), nil
}

// isStopped reports whether a run was told to stop. That is no failure: what is
// not done is done next time.
func isStopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), context.Canceled) }

// cleaner sweeps rows each time, and objects without a row when it is time to,
// as far as this process knows. To do so too often costs some requests and does
// no harm.
type cleaner struct {
	sweeper *sweep.Sweeper
	now     func() time.Time
	listsAt time.Time // of the last look for orphans that began
}

func (c *cleaner) run(ctx context.Context) (sweep.Stats, error) {
	now := c.now()
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
