package lambdahost

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// host is what a hosted function keeps between invocations.
type host struct {
	Options
	warm     atomic.Bool         // set by the first invocation
	gatherer *telemetry.Gatherer // nil without metrics
}

func newHost(o Options) *host {
	o = o.withDefaults()
	if o.Function != "" {
		o.Logger = o.Logger.With(telemetry.KeyFunction, o.Function)
	}
	h := &host{Options: o}
	if o.Metrics != nil {
		h.gatherer = telemetry.NewGatherer(o.Metrics, h.deployed(), o.Now)
	}
	return h
}

// deployed is the name that the function has on Lambda, with that of its stack in
// it: the metrics of two stacks in one region are not counted together. Elsewhere
// it is the function's own.
func (h *host) deployed() string { return cmp.Or(lambdacontext.FunctionName, h.Function) }

// invocation is one request or event being served.
type invocation struct {
	host      *host
	telemetry *telemetry.Invocation
	metrics   *telemetry.Metrics
	requestID string
	startedAt time.Time
	coldStart bool
	cancel    context.CancelFunc
}

// begin opens an invocation. Lambda's own request id, by which its platform
// logs are found, goes before the given one. The context that it returns ends
// earlier than ctx by the margin, so that the handler can still answer.
func (h *host) begin(ctx context.Context, requestID string) (context.Context, *invocation) {
	if lc, ok := lambdacontext.FromContext(ctx); ok && lc.AwsRequestID != "" {
		requestID = lc.AwsRequestID
	}
	metrics := h.gatherer.Invocation()
	metrics.SetProperty(telemetry.KeyRequestID, requestID)
	i := &invocation{
		host: h, metrics: metrics, requestID: requestID,
		telemetry: telemetry.NewInvocation(requestID, metrics),
		startedAt: h.Now(),
		coldStart: !h.warm.Swap(true),
	}
	if deadline, ok := ctx.Deadline(); ok {
		ctx, i.cancel = context.WithDeadline(ctx, deadline.Add(-h.Margin))
	} else {
		ctx, i.cancel = context.WithCancel(ctx)
	}
	return telemetry.WithInvocation(ctx, i.telemetry), i
}

// end writes the invocation's log line and metrics.
func (i *invocation) end(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	i.cancel()
	took := i.host.Now().Sub(i.startedAt)
	attrs = append(attrs, telemetry.Duration(took))
	attrs = append(attrs, i.telemetry.Attrs()...)
	if i.coldStart {
		attrs = append(attrs, slog.Bool(telemetry.KeyColdStart, true))
	}
	i.host.Logger.LogAttrs(ctx, level, message, attrs...)
	if err := i.host.gatherer.Take(i.metrics); err != nil {
		i.host.Logger.LogAttrs(ctx, slog.LevelWarn, "metrics are lost", telemetry.Err(err))
	}
}
