package host

import (
	"context"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// scheduleLoop starts a function every so often, one run after the other, where
// EventBridge Scheduler does it. It ends with the context, in the middle of a
// run if need be: what is not done is done at the next start.
func scheduleLoop(ctx context.Context, interval time.Duration, function lambdahost.ScheduleFunc) {
	if interval <= 0 {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = function(ctx, nil) // the function logs its own errors
		case <-ctx.Done():
			return
		}
	}
}

// workLoop hands the jobs of the queue to the compact function, as many at once
// as CompactWorkers says, where an event source mapping does it on AWS.
func (h *Host) workLoop(ctx context.Context) {
	var workers sync.WaitGroup
	for range h.config.CompactWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				if err := h.work(ctx); err != nil {
					h.pause(ctx, "take compaction job", err)
				}
			}
		})
	}
	workers.Wait()
}

// work takes a job, if there is one, and does it.
func (h *Host) work(ctx context.Context) error {
	taken, err := h.jobs.Receive(ctx, 1, queue.MaxWait, h.jobLease)
	if err != nil {
		return err
	}
	for _, d := range taken {
		if h.compact(ctx, d) != nil {
			continue // the function has logged it, and put the job back
		}
		if err := queue.First(h.jobs.Delete(ctx, []string{d.Handle})); err != nil {
			return err // it comes again, and is found to be done
		}
	}
	return nil
}

// pause keeps a loop that fails at once from spinning.
func (h *Host) pause(ctx context.Context, doing string, err error) {
	if ctx.Err() != nil {
		return
	}
	h.config.Log.Error(doing, "err", err)
	select {
	case <-time.After(drainPause):
	case <-ctx.Done():
	}
}
