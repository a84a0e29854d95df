package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// CallFunc is a Lambda function that others of ours invoke: an event in JSON,
// an answer in JSON.
type CallFunc func(context.Context, json.RawMessage) (json.RawMessage, error)

// Call makes a Lambda function of f, whose answer is encoded as JSON. An error,
// and a panic as an error, is logged and returned, so that Lambda tells the
// caller. The context is that of [HTTP].
func Call(f func(context.Context, json.RawMessage) (any, error), o Options) CallFunc {
	h := newHost(o)
	return func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		inner, i := h.begin(ctx, "")
		var answer json.RawMessage
		err := i.call(inner, func(ctx context.Context) error {
			v, err := f(ctx, event)
			if err != nil {
				return err
			}
			if answer, err = json.Marshal(v); err != nil {
				return fmt.Errorf("encode answer: %w", err)
			}
			if len(answer) > MaxPayloadBytes {
				return fmt.Errorf("the answer has %d bytes, more than Lambda returns (%d)", len(answer), MaxPayloadBytes)
			}
			return nil
		})
		sizes := []slog.Attr{slog.Int(telemetry.KeyBytesIn, len(event)), slog.Int(telemetry.KeyBytesOut, len(answer))}
		if err != nil {
			i.metrics.Add(telemetry.MetricServerErrors, 1)
			i.end(inner, slog.LevelError, "call failed", append(sizes, telemetry.Err(err))...)
			return nil, err
		}
		i.end(inner, slog.LevelInfo, "call answered", sizes...)
		return answer, nil
	}
}
