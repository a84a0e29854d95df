package query

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// HeaderAllowPartial is the header of a request that takes, with the value
// "true", an answer without the blocks that could not be read. The answer says
// so by HeaderPartial.
const HeaderAllowPartial = "X-Pyrocumulus-Allow-Partial"

// Headers of answers, errors included, to requests that are about blocks.
const (
	// HeaderBlocks is how many blocks could have something of the query.
	HeaderBlocks = "X-Pyrocumulus-Blocks"
	// HeaderBytes is how many bytes were read from the object store.
	HeaderBytes = "X-Pyrocumulus-Bytes"
	// HeaderWorkers is how many requests to query workers it took; 0 is none.
	HeaderWorkers = "X-Pyrocumulus-Workers"
	// HeaderSlices is there if the time was cut into slices: "<kept>/<slices>",
	// of how many the results were kept from before.
	HeaderSlices = "X-Pyrocumulus-Slices"
	// HeaderTrimmed is there if the query began before the retention or the
	// lookback: from when on it was answered (RFC 3339).
	HeaderTrimmed = "X-Pyrocumulus-Trimmed-From"
	// HeaderPartial is there if the answer lacks blocks: "<missing>/<blocks>".
	HeaderPartial = "X-Pyrocumulus-Partial"
)

// account gathers what a request of a client takes, which may be several tasks
// at the same time.
type account struct {
	partial bool
	began   time.Time
	cpu     time.Duration // of the process when it began

	mu      sync.Mutex
	asked   bool // the request is about blocks
	outcome fanout.Outcome
	trimmed int64 // Unix nanoseconds; 0 if nothing was cut off
}

type accountKey struct{}

// open opens the account of a request and puts it into the context. It refuses
// a header that cannot be read.
func (h *Handler) open(ctx context.Context, header http.Header) (context.Context, *account, error) {
	a := &account{began: h.Now(), cpu: h.cpu()}
	ctx = context.WithValue(ctx, accountKey{}, a)
	switch v := header.Get(HeaderAllowPartial); v {
	case "", "false":
	case "true":
		a.partial = true
	default:
		return ctx, a, invalid("header %s: %q is neither true nor false", HeaderAllowPartial, v)
	}
	return ctx, a, nil
}

func (h *Handler) cpu() time.Duration {
	if h.CPU == nil {
		return 0
	}
	return h.CPU()
}

// accountOf returns the account of a context, which every request has.
func accountOf(ctx context.Context) *account { return ctx.Value(accountKey{}).(*account) }

func (a *account) add(o fanout.Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = true
	a.outcome.Add(o)
}

// look counts blocks whose descriptions alone were looked at.
func (a *account) look(blocks int) { a.add(fanout.Outcome{Blocks: blocks}) }

// gathered counts what a worker took for an answer that it has left behind.
func (a *account) gathered(x *querybackend.Answer) {
	a.add(fanout.Outcome{Workers: 1, Stats: x.Stats})
}

func (a *account) trim(from int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trimmed = from
}

// close writes the headers of an answer, and adds what it took to the log line
// and the metrics of the invocation.
func (h *Handler) close(ctx context.Context, a *account, header http.Header) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.asked {
		return
	}
	o := &a.outcome
	header.Set(HeaderBlocks, strconv.Itoa(o.Blocks))
	header.Set(HeaderBytes, strconv.FormatInt(o.Stats.Bytes, 10))
	header.Set(HeaderWorkers, strconv.Itoa(o.Workers))
	if o.Slices > 0 {
		header.Set(HeaderSlices, fmt.Sprintf("%d/%d", o.SliceHits, o.Slices))
		telemetry.Annotate(ctx, slog.Int("slices", o.Slices), slog.Int("slice_hits", o.SliceHits))
	}
	if a.trimmed != 0 {
		at := time.Unix(0, a.trimmed).UTC()
		header.Set(HeaderTrimmed, at.Format(time.RFC3339))
		telemetry.Annotate(ctx, slog.Time("trimmed_from", at))
	}
	if len(o.Missing) > 0 {
		header.Set(HeaderPartial, fmt.Sprintf("%d/%d", len(o.Missing), o.Blocks))
	}
	h.tell(ctx, a)
}

func (h *Handler) tell(ctx context.Context, a *account) {
	o := &a.outcome
	cpu := h.cpu() - a.cpu + o.Stats.CPU
	telemetry.Annotate(ctx,
		slog.Int(telemetry.KeyBlocks, o.Blocks), slog.Int64("planned_bytes", o.Planned), slog.Int64(telemetry.KeyBytes, o.Stats.Bytes),
		slog.Int64(telemetry.KeyRequests, o.Stats.Requests), slog.Int64(telemetry.KeyCacheHits, o.Stats.CacheHits),
		slog.Int("workers", o.Workers), slog.Int("retries", o.Retries), slog.Int("replans", o.Replans),
		slog.Int("missing", len(o.Missing)), slog.Float64(telemetry.KeyCPUMS, telemetry.Milliseconds(cpu)))
	m := telemetry.MetricsFrom(ctx)
	m.Add(telemetry.MetricQueries, 1)
	m.Add(telemetry.MetricBlockBytesRead, float64(o.Stats.Bytes))
	m.Add(telemetry.MetricStoreRequests, float64(o.Stats.Requests))
	m.Add(telemetry.MetricCacheHits, float64(o.Stats.CacheHits))
	m.Add(telemetry.MetricQuerySlices, float64(o.Slices))
	m.Add(telemetry.MetricSliceHits, float64(o.SliceHits))
	m.Add(telemetry.MetricQueryWorkers, float64(o.Workers))
	m.Add(telemetry.MetricQueryRetries, float64(o.Retries))
	m.Add(telemetry.MetricQueryReplans, float64(o.Replans))
	if len(o.Missing) > 0 && a.partial {
		m.Add(telemetry.MetricPartialAnswers, 1)
	}
}
