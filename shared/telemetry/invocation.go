package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// Invocation is what is known of one request or event while it is served. It
// may be used from many goroutines.
type Invocation struct {
	requestID string
	metrics   *Metrics

	mu    sync.Mutex
	attrs []slog.Attr
}

// NewInvocation starts an invocation; metrics may be nil.
func NewInvocation(requestID string, metrics *Metrics) *Invocation {
	return &Invocation{requestID: requestID, metrics: metrics}
}

// Attrs returns what [Annotate] was given, the last one of each key, in the
// order of first use.
func (i *Invocation) Attrs() []slog.Attr {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.attrs)
}

func (i *Invocation) annotate(attrs []slog.Attr) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, attr := range attrs {
		at := slices.IndexFunc(i.attrs, func(a slog.Attr) bool { return a.Key == attr.Key })
		if at < 0 {
			i.attrs = append(i.attrs, attr)
			continue
		}
		i.attrs[at] = attr
	}
}

type invocationKey struct{}

// WithInvocation returns a context that carries the invocation.
func WithInvocation(ctx context.Context, i *Invocation) context.Context {
	return context.WithValue(ctx, invocationKey{}, i)
}

func fromContext(ctx context.Context) *Invocation {
	i, _ := ctx.Value(invocationKey{}).(*Invocation)
	return i
}

// RequestID returns the request id of the context's invocation, or "".
func RequestID(ctx context.Context) string {
	if i := fromContext(ctx); i != nil {
		return i.requestID
	}
	return ""
}

// Annotate adds attributes to the line that is logged when the invocation
// ends. A later attribute takes the place of an earlier one of its key.
// Without an invocation in the context it does nothing.
func Annotate(ctx context.Context, attrs ...slog.Attr) {
	if i := fromContext(ctx); i != nil {
		i.annotate(attrs)
	}
}

// SetTenant names the tenant that the invocation works for, on the log line
// and as a property of the metrics.
func SetTenant(ctx context.Context, tenant string) {
	Annotate(ctx, slog.String(KeyTenant, tenant))
	MetricsFrom(ctx).SetProperty(KeyTenant, tenant)
}

// MetricsFrom returns the metrics of the context's invocation. It may be nil,
// which can be used all the same.
func MetricsFrom(ctx context.Context) *Metrics {
	if i := fromContext(ctx); i != nil {
		return i.metrics
	}
	return nil
}
