// Package assembly puts the use cases together from settings and whatever
// implements the contracts, and hosts them as Lambda functions. The functions
// on AWS and the local host differ in the adapters that they hand in, and in
// nothing else.
package assembly

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Host is what every function is hosted with.
type Host struct {
	Log     *slog.Logger
	Metrics io.Writer // for lines of metrics; nil for none
	Now     func() time.Time
}

func (h Host) options(function string) lambdahost.Options {
	return lambdahost.Options{Function: function, Logger: h.Log, Metrics: h.Metrics, Now: h.Now}
}

// Ingest returns the ingest function.
func Ingest(h Host, c config.Ingest, q queue.Sender, store objstore.Writer, facts records.Store) (lambdahost.HTTPFunc, error) {
	codec, err := envelope.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("assemble ingest: %w", err)
	}
	s := ingest.DefaultSettings()
	s.Multitenancy = c.Multitenancy
	s.MaxBodyBytes = max(c.MaxBodyBytes, s.MaxBodyBytes) // tenants may be allowed more than the default
	handler := ingest.New(s, ingest.Deps{
		Queues: []queue.Sender{q}, Store: store, Codec: codec, Now: h.Now, Log: h.Log,
		Tenants: limits.New(limits.Defaults(c), facts, h.Now, h.Log),
		Rate:    ratelimit.New(facts, h.Now, h.Log),
	})
	return lambdahost.HTTP(handler, h.options("ingest")), nil
}

// Segment returns the segment function. idleWait is how long a run waits for a
// first message before it ends.
func Segment(h Host, c config.Segment, idleWait time.Duration, q queue.Receiver, store ReadWriter, index blockindex.Index) (lambdahost.ScheduleFunc, error) {
	codec, err := envelope.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("assemble segment: %w", err)
	}
	blocks, err := block.NewReader(store)
	if err != nil {
		return nil, fmt.Errorf("assemble segment: %w", err)
	}
	s := segment.DefaultSettings()
	s.FlushInterval, s.FlushBytes = c.FlushInterval, c.FlushBytes
	s.DrainTime, s.Visibility = c.DrainTime, c.Visibility
	s.IdleWait = idleWait
	drainer := segment.New(s, segment.Deps{
		Queue: q, Store: store, Index: index, Blocks: blocks, Codec: codec, Now: h.Now, Log: h.Log,
	})
	return lambdahost.Schedule(func(ctx context.Context) error {
		stats, err := drainer.Run(ctx)
		report(ctx, stats)
		return err
	}, h.options("segment")), nil
}

// report adds what a run of the drainer did to its log line.
func report(ctx context.Context, s segment.Stats) {
	telemetry.Annotate(ctx,
		slog.Int("messages", s.Messages), slog.Int64(telemetry.KeyProfiles, s.Profiles),
		slog.Int("segments", s.Segments), slog.Int64(telemetry.KeyBytes, s.Bytes),
		slog.Int("duplicates", s.Duplicates), slog.Int("poison", s.Poison), slog.Int("failed", s.Failed),
	)
}
