package segment

import (
	"context"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// counted is what the metrics tell of a batch beside what became of it. Of the
// time on the queue it is the longest of a flush: a value for each message would
// be more log than message.
type counted struct {
	messages int
	waited   time.Duration
}

// counting counts a batch as it was received, before any message of it is lost.
func counting(b *batch) counted {
	c := counted{messages: len(b.hold.messages) + len(b.failed)}
	for _, ms := range [][]*message{b.hold.messages, b.failed} {
		for _, m := range ms {
			c.waited = max(c.waited, m.waited)
		}
	}
	return c
}

// report adds a flush to the metrics of the invocation.
func (c counted) report(ctx context.Context, s Stats, took time.Duration) {
	m := telemetry.MetricsFrom(ctx)
	m.Add(telemetry.MetricMessagesReceived, float64(c.messages))
	m.Add(telemetry.MetricMessagesDuplicated, float64(s.Duplicates))
	m.Add(telemetry.MetricMessagesPoisoned, float64(s.Poison))
	m.Add(telemetry.MetricProfilesOut, float64(s.Profiles))
	m.Add(telemetry.MetricSegments, float64(s.Segments))
	m.Add(telemetry.MetricSegmentBytes, float64(s.Bytes))
	m.Record(telemetry.MetricFlushDuration, telemetry.Milliseconds(took))
	m.Record(telemetry.MetricQueueDelay, telemetry.Milliseconds(c.waited))
}
