package query_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

// started holds back what was started until it is told to work.
type started struct {
	mu     sync.Mutex
	calls  []querybackend.Call
	store  *objstoretest.Mem
	worker *queryworker.Worker
	fails  error
}

func (s *started) Start(ctx context.Context, r *querybackend.Request, key string, timeout time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	call, err := querybackend.NewStartedCall(ctx, s.store, r, key, timeout)
	s.calls = append(s.calls, call)
	return errors.Join(err, s.fails)
}

// work does what was started, of it at most n.
func (s *started) work(t *testing.T, n int) {
	for _, c := range s.calls[:min(n, len(s.calls))] {
		_, err := s.worker.Answer(t.Context(), c)
		require.NoError(t, err)
	}
	s.calls = s.calls[min(n, len(s.calls)):]
}

type asyncWorld struct {
	*world
	*started
	now    time.Time
	rules  rules
	client querierv1connect.QuerierServiceClient
}

func newAsyncWorld(t *testing.T) *asyncWorld {
	w := &asyncWorld{world: twinWorld(t, 7, "acme", "beta"), now: time.UnixMilli(base + 2*hour), rules: rules{}}
	reader, err := block.NewReader(w.objects)
	require.NoError(t, err)
	w.started = &started{store: objstoretest.NewMem()}
	w.worker = queryworker.New(queryworker.Settings{AnswerBytes: 1}, queryworker.Deps{
		Engine: engine.New(reader), Store: w.started.store, Log: slog.New(slog.DiscardHandler),
	})
	now := func() time.Time { return w.now }
	d := w.deps(t, w.index)
	d.Now = now
	d.Retention = w.rules
	facts := recordstest.NewMem()
	facts.Now = now
	d.Async = &query.AsyncDeps{Starter: w.started, Store: w.started.store, Records: facts}
	server := httptest.NewServer(query.New(query.Settings{Multitenancy: true, Fanout: over(4)}, d))
	t.Cleanup(server.Close)
	w.client = querierv1connect.NewQuerierServiceClient(server.Client(), server.URL)
	return w
}

func question(format querierv1.ProfileFormat) *querierv1.SelectMergeStacktracesRequest {
	return &querierv1.SelectMergeStacktracesRequest{ProfileTypeID: cpuID, LabelSelector: `{}`, Start: base, End: base + hour, Format: format}
}

func (w *asyncWorld) begin(t *testing.T, tenant string, q *querierv1.SelectMergeStacktracesRequest) string {
	q.Async = &querierv1.AsyncQueryRequest{Type: querierv1.AsyncQueryType_ASYNC_QUERY_TYPE_FORCE}
	res := must(t, w.client.SelectMergeStacktraces, q, tenantHeader, tenant)
	require.Equal(t, querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_IN_PROGRESS, res.Async.Status)
	require.NotEmpty(t, res.Async.RequestId)
	require.Nil(t, res.Flamegraph)
	return res.Async.RequestId
}

func (w *asyncWorld) poll(t *testing.T, tenant, id string) (*querierv1.SelectMergeStacktracesResponse, error) {
	return ask(t, w.client.SelectMergeStacktraces, &querierv1.SelectMergeStacktracesRequest{
		Async: &querierv1.AsyncQueryRequest{RequestId: id},
	}, tenantHeader, tenant)
}

func (w *asyncWorld) status(t *testing.T, tenant, id string) *querierv1.AsyncQueryResponse {
	res, err := w.poll(t, tenant, id)
	require.NoError(t, err)
	return res.Async
}

const (
	inProgress = querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_IN_PROGRESS
	succeeded  = querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_SUCCESS
	failed     = querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_FAILURE
)

// An answer that was waited for by polling is that of the same query at once.
func TestAsynchronousAnswersAreTheSame(t *testing.T) {
	w := newAsyncWorld(t)
	for format := range querierv1.ProfileFormat_name {
		want := must(t, w.client.SelectMergeStacktraces, question(querierv1.ProfileFormat(format)), tenantHeader, "acme")
		id := w.begin(t, "acme", question(querierv1.ProfileFormat(format)))
		workers := len(w.calls)
		require.Greater(t, workers, 1, "divided over workers")
		require.Equal(t, inProgress, w.status(t, "acme", id).Status)
		w.work(t, workers-1)
		require.Equal(t, inProgress, w.status(t, "acme", id).Status, "one worker is missing")
		w.work(t, 9)
		for range 2 {
			got, err := w.poll(t, "acme", id)
			require.NoError(t, err)
			require.Equal(t, succeeded, got.Async.Status)
			require.Equal(t, id, got.Async.RequestId)
			got.Async = nil
			require.Equal(t, want.String(), got.String())
		}
	}
	empty := question(0)
	empty.LabelSelector = `{service_name="none"}`
	res, err := w.poll(t, "acme", w.begin(t, "acme", empty))
	require.NoError(t, err)
	require.Equal(t, succeeded, res.Async.Status)
	require.Equal(t, []string{"total"}, res.Flamegraph.Names)
}

func TestNobodyPollsTheQueryOfAnotherTenant(t *testing.T) {
	w := newAsyncWorld(t)
	id := w.begin(t, "acme", question(0))
	w.work(t, 9)
	for _, x := range [][2]string{{"beta", id}, {"acme", "NOSUCHQUERY"}, {"acme", "\x00"}} {
		_, err := w.poll(t, x[0], x[1])
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), x)
	}
	require.Equal(t, succeeded, w.status(t, "acme", id).Status)
	_, err := w.poll(t, "acme|beta", id)
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	w.now = w.now.Add(query.AsyncKept)
	_, err = w.poll(t, "acme", id)
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "it is kept for half an hour")
}

func TestATenantHasFiveAsynchronousQueries(t *testing.T) {
	w := newAsyncWorld(t)
	for range query.AsyncQueries {
		w.begin(t, "acme", question(0))
	}
	refused := question(0)
	refused.Async = &querierv1.AsyncQueryRequest{Type: querierv1.AsyncQueryType_ASYNC_QUERY_TYPE_FORCE}
	_, err := ask(t, w.client.SelectMergeStacktraces, refused, tenantHeader, "acme")
	require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
	w.begin(t, "beta", question(0))
	w.work(t, len(w.calls)/(query.AsyncQueries+1)) // all of the first
	w.begin(t, "acme", question(0))
	_, err = ask(t, w.client.SelectMergeStacktraces, refused, tenantHeader, "acme")
	require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
	w.now = w.now.Add(query.AsyncTime + 3*time.Minute) // those who died
	w.begin(t, "acme", question(0))
}

func TestFailuresOfAsynchronousQueriesAreTold(t *testing.T) {
	w := newAsyncWorld(t)
	bad := question(0)
	bad.LabelSelector = "{"
	bad.Async = &querierv1.AsyncQueryRequest{Type: querierv1.AsyncQueryType_ASYNC_QUERY_TYPE_FORCE}
	_, err := ask(t, w.client.SelectMergeStacktraces, bad, tenantHeader, "acme")
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "at once")

	died := w.begin(t, "acme", question(0))
	w.work(t, 1)
	w.calls = nil
	swept := w.begin(t, "acme", question(0))
	clear(w.objects)
	w.work(t, 9)
	got := w.status(t, "acme", swept)
	require.Equal(t, failed, got.Status)
	require.Equal(t, "a worker of the query failed; ask again", got.ErrorMessage)
	require.Equal(t, inProgress, w.status(t, "acme", died).Status)
	w.now = w.now.Add(query.AsyncTime + 3*time.Minute)
	require.Equal(t, failed, w.status(t, "acme", died).Status)
	require.Contains(t, w.status(t, "acme", died).ErrorMessage, "in time")

	w.fails = errors.New("secret of the inside")
	other := question(0)
	other.Async = bad.Async
	w.begins(t, other)
}

func (w *asyncWorld) begins(t *testing.T, q *querierv1.SelectMergeStacktracesRequest) {
	_, err := ask(t, w.client.SelectMergeStacktraces, q, tenantHeader, "beta")
	require.Equal(t, connect.CodeInternal, connect.CodeOf(err))
	require.NotContains(t, err.Error(), "secret")
}
