package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// ScheduleFunc is a Lambda function that EventBridge Scheduler starts.
type ScheduleFunc func(context.Context, json.RawMessage) error

// Schedule makes a Lambda function of f. The event is not looked at: a
// schedule says when, everything else is found out. An error, and a panic as
// an error, is logged and returned, so that Lambda counts it and tries again.
func Schedule(f func(context.Context) error, o Options) ScheduleFunc {
	return schedule(func(ctx context.Context, _ json.RawMessage) error { return f(ctx) }, o)
}

// ScheduleOf is Schedule for an f whose schedules differ by their events. Fields
// of the event that E does not have are passed over, as EventBridge has events
// of its own, and no event is the zero value; one of another shape is an error.
func ScheduleOf[E any](f func(context.Context, E) error, o Options) ScheduleFunc {
	return schedule(func(ctx context.Context, raw json.RawMessage) error {
		var event E
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &event); err != nil {
				return fmt.Errorf("read the event of the schedule: %w", err)
			}
		}
		return f(ctx, event)
	}, o)
}

func schedule(f func(context.Context, json.RawMessage) error, o Options) ScheduleFunc {
	h := newHost(o)
	return func(ctx context.Context, event json.RawMessage) error {
		inner, i := h.begin(ctx, "")
		if err := i.call(inner, func(ctx context.Context) error { return f(ctx, event) }); err != nil {
			i.metrics.Add(telemetry.MetricServerErrors, 1)
			i.end(inner, slog.LevelError, "scheduled run failed", telemetry.Err(err))
			return err
		}
		i.end(inner, slog.LevelInfo, "scheduled run done")
		return nil
	}
}

func (i *invocation) call(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			i.logPanic(ctx, p)
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(ctx)
}
