package lambda

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// A query is divided over the very binary of the worker; its answers come back
// through the object store, as large ones do.
func TestQueriesAreDividedOverWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(f *runtimeapi.Function) {
		f.Variables = maps.Clone(f.Variables)
		f.Variables[config.EnvQueryInlineBytes] = "0"
		f.Variables[config.EnvQueryWorkerBlocks] = "1"
		f.Variables[config.EnvQueryAnswerBytes] = "1KiB"
	})
	var sent []map[string]int64
	for range 3 { // a segment each
		sent = append(sent, w.pushMany("a", 40))
		w.drainAll()
	}
	w.requireCounted("a", sent...)
	// A real profile makes an answer that is too large to be returned.
	raw, err := fixtures.Profiles.ReadFile("cpu-gofmt.pb.gz")
	require.NoError(t, err)
	p, err := pprof.ParseData(raw)
	require.NoError(t, err)
	require.NoError(t, w.push("c", "real", p))
	w.drainAll()
	require.Equal(t, stacks(p, len(p.SampleType)-1), w.ask("c", `{service_name="real"}`))
	require.Empty(t, w.ask("b", `{}`))

	client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, w.url, withTenant("a"))
	res, err := client.SelectMergeStacktraces(t.Context(), connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpuType, LabelSelector: "{}",
		Start: time.Now().Add(-time.Hour).UnixMilli(), End: time.Now().UnixMilli(),
	}))
	require.NoError(t, err)
	var total int64
	for _, values := range sent {
		for _, v := range values {
			total += v
		}
	}
	require.Equal(t, total, res.Msg.Flamegraph.Total)
	workers, err := strconv.Atoi(res.Header().Get(query.HeaderWorkers))
	require.NoError(t, err)
	require.GreaterOrEqual(t, workers, 3)
	log := w.host.Logs(stack.Worker)
	require.GreaterOrEqual(t, strings.Count(log, `"call answered"`), 6)
	require.Contains(t, log, `"tenant":"a"`)
	require.Regexp(t, `"tenant":"c".*"answer_bytes":\d{5,}`, log, "which went through the store")
}
