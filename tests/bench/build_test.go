package bench

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
)

// Benchmarks of queries that find nothing would look splendid.
func TestQueriesOfTheSetFindSomething(t *testing.T) {
	c, err := fixtureCorpus(fixturesDir, 6)
	require.NoError(t, err)
	w, err := build(t.Context(), t.TempDir(), c)
	require.NoError(t, err)
	require.Equal(t, "svc-02", w.service)
	require.Equal(t, "svc-02-1", w.pod)
	require.NotEmpty(t, w.segments)
	for _, length := range []time.Duration{5 * time.Minute, time.Hour} {
		questions, err := standard(w.target, length)
		require.NoError(t, err)
		require.Len(t, questions, 22)
		nothing, err := standard(target{start: c.start, end: c.end.Add(48 * time.Hour), interval: c.interval, service: w.service, pod: w.pod}, length)
		require.NoError(t, err)
		fresh := newQuerier(t, w.store, w.fresh, c.end)
		settled := newQuerier(t, w.store, w.settled, c.end)
		for i, q := range questions {
			const someBytes = 30 // more than an empty answer in its gzip frame
			n := ask(t, fresh, q)
			require.Greater(t, n, int64(someBytes), q.name)
			require.Greater(t, n, ask(t, fresh, nothing[i]), q.name)
			require.Equal(t, n, ask(t, settled, q), "%s is answered otherwise after merging", q.name)
		}
	}
}

func ask(t *testing.T, h http.Handler, q question) int64 {
	n, err := call(t.Context(), h, q.procedure, q.body)
	require.NoError(t, err, q.name)
	return n
}

func TestCallFailsIfTheAnswerIsAnError(t *testing.T) {
	c, err := fixtureCorpus(fixturesDir, 1)
	require.NoError(t, err)
	w, err := build(t.Context(), t.TempDir(), c)
	require.NoError(t, err)
	body, err := (&querierv1.SelectMergeStacktracesRequest{ProfileTypeID: "none", LabelSelector: "{}", End: 1}).MarshalVT()
	require.NoError(t, err)
	h := newQuerier(t, w.store, w.fresh, c.end)
	_, err = call(t.Context(), h, querierv1connect.QuerierServiceSelectMergeStacktracesProcedure, body)
	require.ErrorContains(t, err, "status 400")
	require.ErrorContains(t, err, "invalid_argument")
}
