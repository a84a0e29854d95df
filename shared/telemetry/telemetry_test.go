package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

var update = flag.Bool("update", false, "write the golden files anew")

func fixedNow() time.Time { return time.UnixMilli(1_790_000_000_123) }

func requireGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestMetricsGolden(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "ingest", fixedNow)
	m.Add(telemetry.MetricProfilesIn, 2)
	m.Add(telemetry.MetricProfilesIn, 3)
	m.Record(telemetry.MetricQueueDelay, 12.5)
	m.Record(telemetry.MetricFlushDuration, 1)
	m.Record(telemetry.MetricFlushDuration, 2)
	m.Add("NotListed", 1)
	m.SetProperty(telemetry.KeyTenant, "team-a")
	m.SetProperty(telemetry.KeyRequestID, "r-1")
	require.NoError(t, m.Flush())
	requireGolden(t, "emf.golden.json", out.Bytes())

	out.Reset()
	require.NoError(t, m.Flush())
	require.Empty(t, out.String(), "a second flush has nothing to say")
}

type emfLine struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	Function     string `json:"function"`
	QueueDelay   any
	SegmentBytes any
}

func TestMetricsWithManyValuesTakeSeveralLines(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "segment", fixedNow)
	for i := range 250 {
		m.Record(telemetry.MetricSegmentBytes, float64(i))
	}
	m.Record(telemetry.MetricQueueDelay, 7)
	require.NoError(t, m.Flush())

	var sizes []int
	dec := json.NewDecoder(&out)
	for dec.More() {
		var line emfLine
		require.NoError(t, dec.Decode(&line))
		require.Equal(t, "segment", line.Function)
		require.Equal(t, telemetry.Namespace, line.AWS.CloudWatchMetrics[0].Namespace)
		require.Equal(t, [][]string{{"function"}}, line.AWS.CloudWatchMetrics[0].Dimensions)
		require.Equal(t, len(sizes) == 0, line.QueueDelay != nil, "a value is counted on one line only")
		sizes = append(sizes, len(line.SegmentBytes.([]any)))
	}
	require.Equal(t, []int{100, 100, 50}, sizes)
}

func TestTenantIsNeverADimension(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "query", fixedNow)
	ctx := telemetry.WithInvocation(context.Background(), telemetry.NewInvocation("r", m))
	telemetry.SetTenant(ctx, "team-a")
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricQueries, 1)
	require.NoError(t, m.Flush())
	var line emfLine
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, [][]string{{"function"}}, line.AWS.CloudWatchMetrics[0].Dimensions)
	require.Contains(t, out.String(), `"tenant":"team-a"`)
}

func TestNilMetricsAreUsable(t *testing.T) {
	m := telemetry.MetricsFrom(context.Background())
	require.Nil(t, m)
	m.Add(telemetry.MetricProfilesIn, 1)
	m.Record(telemetry.MetricQueueDelay, 1)
	m.SetProperty("a", 1)
	require.NoError(t, m.Flush())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("pipe is closed") }

func TestFlushReportsAWriteError(t *testing.T) {
	m := telemetry.NewMetrics(brokenWriter{}, "ingest", fixedNow)
	m.Add(telemetry.MetricProfilesIn, 1)
	require.ErrorContains(t, m.Flush(), "write metrics: pipe is closed")
}

func TestMetricInfosAreWhole(t *testing.T) {
	seen := make(map[telemetry.Metric]bool)
	for _, info := range telemetry.MetricInfos() {
		require.False(t, seen[info.Name], "%s is listed twice", info.Name)
		seen[info.Name] = true
		require.Contains(t, []string{"Count", "Bytes", "Milliseconds"}, info.Unit)
		require.NotEmpty(t, info.Meaning)
		require.NotContains(t, info.Meaning, "\n")
	}
	source, err := os.ReadFile("metrics.go")
	require.NoError(t, err)
	require.Equal(t, strings.Count(string(source), " Metric = \""), len(seen), "every constant is listed")
}

func TestLoggerWritesJSONWithTheRequestID(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo).With(telemetry.KeyFunction, "ingest")
	ctx := telemetry.WithInvocation(context.Background(), telemetry.NewInvocation("r-1", nil))
	log.InfoContext(ctx, "segment written",
		telemetry.Duration(1500*time.Microsecond), telemetry.Err(errors.New("boom")), telemetry.Err(nil))
	log.DebugContext(ctx, "not shown")

	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	delete(line, "time")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "segment written", "function": "ingest",
		"request_id": "r-1", "duration_ms": 1.5, "err": "boom",
	}, line)

	out.Reset()
	log.Info("outside an invocation")
	require.NotContains(t, out.String(), "request_id")
}

func TestAnnotateKeepsTheLastValue(t *testing.T) {
	inv := telemetry.NewInvocation("r-1", nil)
	ctx := telemetry.WithInvocation(context.Background(), inv)
	require.Equal(t, "r-1", telemetry.RequestID(ctx))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { telemetry.Annotate(ctx, slog.Int(telemetry.KeyProfiles, 1)) })
	}
	wg.Wait()
	telemetry.SetTenant(ctx, "a")
	telemetry.SetTenant(ctx, "b")
	require.Equal(t, []slog.Attr{slog.Int("profiles", 1), slog.String("tenant", "b")}, inv.Attrs())

	telemetry.Annotate(context.Background(), slog.Int("lost", 1)) // nowhere to go, no harm
	require.Empty(t, telemetry.RequestID(context.Background()))
}
