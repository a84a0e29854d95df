package ingest_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func TestMetricsOfAPush(t *testing.T) {
	b := newBench(t)
	body, err := proto.Marshal(request(series(raw(gz(t, cpu(now, 3)), []byte("no profile")), "service_name", "api", "__name__", "process_cpu")))
	require.NoError(t, err)
	var out bytes.Buffer
	metrics := telemetry.NewMetrics(&out, "ingest", func() time.Time { return now })
	r := httptest.NewRequest("POST", pushPath, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/proto")
	r = r.WithContext(telemetry.WithInvocation(r.Context(), telemetry.NewInvocation("r", metrics)))
	b.handler.ServeHTTP(httptest.NewRecorder(), r)
	require.NoError(t, metrics.Flush())
	var line map[telemetry.Metric]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), "%s", &out)
	require.Equal(t, 2.0, line[telemetry.MetricProfilesIn])
	require.Equal(t, 1.0, line[telemetry.MetricProfilesRejected])
	require.Equal(t, 1.0, line[telemetry.MetricProfilesOut])
	require.Greater(t, line[telemetry.MetricProfileBytes], 50.0)
}
