package compaction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// errLease ends a job whose message may be somebody else's by now.
var errLease = errors.New("the lease of the job is lost")

// WorkerSettings say how a worker works.
type WorkerSettings struct {
	// Lease is how long a job belongs to a worker that gives no sign of life;
	// it is renewed every third of it.
	Lease time.Duration
	// Attempts is how often a job is tried before it is set aside.
	Attempts int
	// Backoff is the wait before the second attempt. It doubles with each, up
	// to MaxBackoff.
	Backoff, MaxBackoff time.Duration
}

// DefaultWorkerSettings are those of a function on AWS.
func DefaultWorkerSettings() WorkerSettings {
	return WorkerSettings{Lease: 2 * time.Minute, Attempts: 5, Backoff: 30 * time.Second, MaxBackoff: 15 * time.Minute}
}

// Leases are what a worker needs of the queue that its jobs come from;
// queue.Receiver has it.
type Leases interface {
	Extend(ctx context.Context, handles []string, visibility time.Duration) []error
}

// WorkerDeps are what a worker works with.
type WorkerDeps struct {
	Compactor *Compactor
	Leases    Leases
	Records   Records
	Now       func() time.Time
	Log       *slog.Logger
	// Every calls f again and again, d apart, until the context ends; nil for
	// the real time. It returns when f is not called any more.
	Every func(ctx context.Context, d time.Duration, f func())
}

// Worker does jobs that a queue delivers. Any number of workers may do so at
// once. What keeps them from harm is not the lease, which can be lost at any
// moment, but the index, which takes each source once; the lease only saves
// double work.
type Worker struct {
	settings WorkerSettings
	WorkerDeps
}

// NewWorker returns a worker. Its methods may be called from many goroutines.
func NewWorker(s WorkerSettings, d WorkerDeps) *Worker {
	if d.Every == nil {
		d.Every = every
	}
	return &Worker{settings: s, WorkerDeps: d}
}

func every(ctx context.Context, d time.Duration, f func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// Do does the job of a message. If it returns nil the message must be deleted:
// the job is done, or was, or came too late, or was set aside. Otherwise it must
// not, and comes again after a while.
func (w *Worker) Do(ctx context.Context, d queue.Delivery) error {
	t, err := parseTicket(d.Body)
	if err != nil {
		// Nobody can do it. Should it be a job of a newer planner, that one will
		// plan it again.
		w.Log.LogAttrs(ctx, slog.LevelError, "compaction job cannot be read and is dropped", telemetry.Err(err))
		telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsParked, 1)
		return nil
	}
	telemetry.SetTenant(ctx, string(t.Tenant))
	telemetry.Annotate(ctx, slog.String(telemetry.KeyJob, t.ID), slog.Int(telemetry.KeyLevel, t.Level), slog.Int("attempt", d.Receives))
	if d.Receives > w.settings.Attempts {
		// It ended the process, perhaps, each time.
		return w.park(ctx, t, d, errors.New("no attempt came to an end"))
	}
	err = w.lease(ctx, t, d)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrStale):
		telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsStale, 1)
		telemetry.Annotate(ctx, slog.Bool("stale", true))
		return nil
	case errors.Is(err, objstore.ErrArchived): // it is planned again, and done when they are restored
		telemetry.Annotate(ctx, slog.Bool("archived", true))
		return nil
	case errors.Is(err, errBadTicket), d.Receives >= w.settings.Attempts && !errors.Is(context.Cause(ctx), context.Canceled):
		return w.park(ctx, t, d, err)
	}
	w.putBack(ctx, d)
	return fmt.Errorf("attempt %d of %d: %w", d.Receives, w.settings.Attempts, err)
}

// lease does a job while it renews its lease.
func (w *Worker) lease(ctx context.Context, t ticket, d queue.Delivery) error {
	ctx, cancel := context.WithCancelCause(ctx)
	renew := func() {
		err := queue.First(w.Leases.Extend(ctx, []string{d.Handle}, w.settings.Lease))
		if errors.Is(err, queue.ErrHandle) {
			cancel(errLease)
		}
	}
	renew()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		w.Every(ctx, w.settings.Lease/3, renew)
	}()
	defer func() {
		cancel(nil)
		<-renewed
	}()
	err := w.run(ctx, t)
	if err != nil && errors.Is(context.Cause(ctx), errLease) {
		err = fmt.Errorf("%w: %w", errLease, err)
	}
	return err
}

func (w *Worker) run(ctx context.Context, t ticket) error {
	parked, err := isParked(ctx, w.Records, t)
	if err != nil || parked {
		return err
	}
	rows, err := w.Compactor.Index.Find(ctx, t.Tenant, t.From, t.To)
	if err != nil {
		return fmt.Errorf("look for the sources: %w", err)
	}
	j, err := t.job(rows)
	if err != nil || j == nil {
		return err
	}
	meta, err := w.Compactor.Run(ctx, *j)
	if errors.Is(err, block.ErrNothingCounts) {
		return retention.MarkEmpty(ctx, w.Records, t.Tenant, t.Sources, w.Now())
	}
	if err != nil {
		return err
	}
	report(ctx, *j, meta)
	return nil
}

// report tells the invocation what was done.
func report(ctx context.Context, j Job, meta *block.Meta) {
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsDone, 1)
	telemetry.Annotate(ctx, slog.String(telemetry.KeyBlock, meta.ID), slog.Int("sources", len(j.Sources)),
		slog.Int64("bytes_read", j.Bytes), slog.Int64("bytes_written", meta.Size), slog.Int64(telemetry.KeyProfiles, meta.Profiles))
}

// settleTime is what is left for telling the queue of a failure when the job's
// own time is over.
const settleTime = 5 * time.Second

// park sets a job aside, for a person to look at.
func (w *Worker) park(ctx context.Context, t ticket, d queue.Delivery, cause error) error {
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	p := Parked{Level: t.Level, Sources: t.Sources, Attempts: d.Receives, Error: cause.Error(), At: w.Now()}
	if err := park(short, w.Records, t, p); err != nil {
		w.putBack(ctx, d)
		return errors.Join(err, cause)
	}
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsParked, 1)
	w.Log.LogAttrs(ctx, slog.LevelError, "compaction job is set aside: its blocks stay as they are",
		slog.String(telemetry.KeyTenant, string(t.Tenant)), slog.String(telemetry.KeyJob, t.ID),
		slog.Int("attempts", d.Receives), telemetry.Err(cause))
	return nil
}

// putBack has a job come again after a wait, at once if the worker was told to
// stop. If that fails it comes when the lease ends.
func (w *Worker) putBack(ctx context.Context, d queue.Delivery) {
	wait := w.settings.Backoff
	for range d.Receives - 1 {
		wait = min(2*wait, w.settings.MaxBackoff)
	}
	if errors.Is(context.Cause(ctx), context.Canceled) {
		wait = 0
	}
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricJobsFailed, 1)
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := queue.First(w.Leases.Extend(short, []string{d.Handle}, wait)); err != nil {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "compaction job cannot be put back and waits for the end of its lease", telemetry.Err(err))
	}
}
