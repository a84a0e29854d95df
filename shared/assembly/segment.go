package assembly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Drained is what the segment function needs of a queue.
type Drained interface {
	queue.Receiver
	queue.Gauge
}

// SegmentStore is what the segment function needs of the object store.
type SegmentStore interface {
	objstore.Reader
	objstore.Writer
}

// Segment returns the segment function. The event of a schedule is a
// segment.Turn. idleWait is how long a run waits for a first message before it
// ends.
func Segment(h Host, c config.Segment, idleWait time.Duration, queues []Drained, store SegmentStore, index segment.Index) (lambdahost.ScheduleFunc, error) {
	codec, codecErr := envelope.NewCodec()
	blocks, blocksErr := block.NewReader(store)
	if err := errors.Join(codecErr, blocksErr); err != nil {
		return nil, fmt.Errorf("assemble segment: %w", err)
	}
	s := segment.DefaultSettings()
	s.FlushInterval, s.FlushBytes = c.FlushInterval, c.FlushBytes
	s.DrainTime, s.Visibility = c.DrainTime, c.Visibility
	s.IdleWait = idleWait
	var sources []segment.Source
	for _, q := range queues {
		sources = append(sources, segment.Source{Gauge: q, Drainer: segment.New(s, segment.Deps{
			Queue: q, Store: store, Index: index, Blocks: blocks, Codec: codec, Now: h.Now, Log: h.Log,
		})})
	}
	crew := segment.NewCrew(c.Backlog, sources...)
	return lambdahost.ScheduleOf(func(ctx context.Context, t segment.Turn) error {
		stats, err := crew.Run(ctx, t)
		report(ctx, t, stats)
		return err
	}, h.options("segment")), nil
}

// report adds what a run of the drainer did to its log line.
func report(ctx context.Context, t segment.Turn, s segment.Stats) {
	if t.Queue != nil {
		telemetry.Annotate(ctx, slog.Int("queue", *t.Queue), slog.Int("extra", t.Extra))
	}
	telemetry.Annotate(ctx,
		slog.Int("messages", s.Messages), slog.Int64(telemetry.KeyProfiles, s.Profiles),
		slog.Int("segments", s.Segments), slog.Int64(telemetry.KeyBytes, s.Bytes),
		slog.Int("duplicates", s.Duplicates), slog.Int("poison", s.Poison), slog.Int("failed", s.Failed),
	)
}
