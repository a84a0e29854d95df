package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// gathering is a process in which invocations end at times of the test's choosing.
type gathering struct {
	t        *testing.T
	out      bytes.Buffer
	now      time.Time
	gatherer *telemetry.Gatherer
}

func newGathering(t *testing.T) *gathering {
	g := &gathering{t: t, now: fixedNow()}
	g.gatherer = telemetry.NewGatherer(&g.out, "ingest", func() time.Time { return g.now })
	return g
}

// ends is an invocation that ends after a while, and what is written then.
func (g *gathering) ends(after time.Duration, tenant string, counts map[telemetry.Metric]float64) []map[string]any {
	g.t.Helper()
	g.now = g.now.Add(after)
	m := g.gatherer.Invocation()
	m.SetProperty(telemetry.KeyRequestID, "r-"+tenant)
	if tenant != "" {
		m.SetProperty(telemetry.KeyTenant, tenant)
	}
	for metric, n := range counts {
		m.Add(metric, n)
	}
	require.NoError(g.t, g.gatherer.Take(m))
	var lines []map[string]any
	for dec := json.NewDecoder(&g.out); dec.More(); {
		var line map[string]any
		require.NoError(g.t, dec.Decode(&line))
		delete(line, "_aws")
		lines = append(lines, line)
	}
	return lines
}

func TestMetricsAreGathered(t *testing.T) {
	g := newGathering(t)
	one := map[telemetry.Metric]float64{telemetry.MetricProfilesIn: 1}
	first := g.ends(0, "a", one)
	require.Equal(t, []map[string]any{{"function": "ingest", "tenant": "a", "request_id": "r-a", "ProfilesIn": 1.0}}, first, "after a pause at once")
	require.Empty(t, g.ends(time.Second, "a", one))
	require.Empty(t, g.ends(time.Second, "b", one))
	require.Empty(t, g.ends(time.Second, "a", map[telemetry.Metric]float64{telemetry.MetricProfilesIn: 2, telemetry.MetricProfilesRejected: 1}))
	require.Empty(t, g.ends(time.Second, "", nil))
	require.Equal(t, []map[string]any{
		{"function": "ingest", "tenant": "a", "ProfilesIn": 4.0, "ProfilesRejected": 1.0},
		{"function": "ingest", "tenant": "b", "request_id": "r-b", "ProfilesIn": 1.0},
	}, g.ends(6*time.Second, "a", one), "each tenant by itself; a request id only for one request")
	require.Empty(t, g.ends(time.Minute, "a", nil), "nothing twice")
}

func TestWhatRingsIsNotGathered(t *testing.T) {
	for _, metric := range []telemetry.Metric{telemetry.MetricServerErrors, telemetry.MetricMessagesPoisoned, telemetry.MetricJobsParked} {
		g := newGathering(t)
		require.Len(t, g.ends(0, "a", map[telemetry.Metric]float64{telemetry.MetricProfilesIn: 1}), 1)
		require.Empty(t, g.ends(time.Second, "a", map[telemetry.Metric]float64{telemetry.MetricProfilesIn: 1}))
		lines := g.ends(time.Second, "", map[telemetry.Metric]float64{metric: 1})
		require.Len(t, lines, 2, metric)
		require.Equal(t, 1.0, lines[0][string(metric)])
	}
}

func TestGatherDistributions(t *testing.T) {
	g := newGathering(t)
	require.Len(t, g.ends(0, "", map[telemetry.Metric]float64{telemetry.MetricSegments: 1}), 1)
	for _, v := range []float64{3, 4} {
		m := g.gatherer.Invocation()
		m.Record(telemetry.MetricFlushDuration, v)
		require.NoError(t, g.gatherer.Take(m))
	}
	require.Equal(t, []any{3.0, 4.0}, g.ends(time.Minute, "", nil)[0]["FlushDuration"])
	var none *telemetry.Gatherer
	require.NoError(t, none.Take(none.Invocation()))
}
