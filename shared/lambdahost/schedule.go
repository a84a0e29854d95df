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
	h := newHost(o)
	return func(ctx context.Context, _ json.RawMessage) error {
		inner, i := h.begin(ctx, "")
		if err := i.call(inner, f); err != nil {
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
