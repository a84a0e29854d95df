package segment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// counted runs f as an invocation and returns the metrics of it.
func counted(t *testing.T, now func() time.Time, f func(context.Context)) map[telemetry.Metric]any {
	var out bytes.Buffer
	metrics := telemetry.NewMetrics(&out, "segment", now)
	f(telemetry.WithInvocation(t.Context(), telemetry.NewInvocation("r", metrics)))
	require.NoError(t, metrics.Flush())
	var line map[telemetry.Metric]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), "%s", &out)
	return line
}

func TestMetricsOfARun(t *testing.T) {
	w := newWorld(t)
	w.push("a", 1, false)
	w.push("b", 2, false)
	bad := []queue.Message{{Group: "g", DedupID: "bad", Body: []byte("no envelope")}}
	require.NoError(t, queue.First(w.queue.Send(t.Context(), bad)))
	w.advance(time.Minute)
	line := counted(t, w.clock, func(ctx context.Context) {
		stats, err := w.drainer().Run(ctx)
		require.NoError(t, err)
		require.Equal(t, 3, stats.Messages)
	})
	require.Equal(t, 3.0, line[telemetry.MetricMessagesReceived])
	require.Equal(t, 1.0, line[telemetry.MetricMessagesPoisoned])
	require.NotContains(t, line, telemetry.MetricMessagesDuplicated)
	require.Equal(t, 4.0, line[telemetry.MetricProfilesOut], "one for each sample type")
	require.Equal(t, 2.0, line[telemetry.MetricSegments])
	require.Greater(t, line[telemetry.MetricSegmentBytes], 100.0)
	require.InDelta(t, 65000, line[telemetry.MetricQueueDelay], 6000, "receivers that wait move the clock")
	require.Contains(t, line, telemetry.MetricFlushDuration)
}
