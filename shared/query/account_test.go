package query_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// backendFunc is a query backend made of a function.
type backendFunc func(context.Context, *querybackend.Request) (*querybackend.Answer, error)

func (f backendFunc) Ask(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
	return f(ctx, r)
}

// threeBlocks is a world with a block for each of the services a, b and c.
func threeBlocks(t testing.TB) *world {
	w := newWorld(t, query.Settings{})
	for _, name := range []string{"a", "b", "c"} {
		w.store(t, "anonymous", cpuProfile(base*1e6, service(name), cpu("f", 10)))
	}
	return w
}

// counted returns the settings and dependencies of a handler that counts reads.
func (w *world) counted(t testing.TB) query.Deps {
	reader, err := block.NewReader(readstats.Reader(w.objects))
	require.NoError(t, err)
	d := w.deps(t, w.index)
	d.Engine = engine.New(reader)
	return d
}

// get asks for a flame graph by the older interface, post by SelectMergeStacktraces.
func request(kind string) *http.Request {
	if kind == "get" {
		return httptest.NewRequest(http.MethodGet, fmt.Sprintf("/pyroscope/render?query=%s{}&from=%d&until=%d", cpuID, base, base+hour), nil)
	}
	r := httptest.NewRequest(http.MethodPost, "/querier.v1.QuerierService/SelectMergeStacktraces", strings.NewReader(methods()["SelectMergeStacktraces"]))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func answered(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAnswersTellWhatTheyTook(t *testing.T) {
	w := threeBlocks(t)
	size := 0
	for _, o := range w.objects {
		size += len(o)
	}
	for kind, tasks := range map[string]int{"post": 1, "get": 2} { // render has a timeline as well
		alone := answered(query.New(query.Settings{}, w.counted(t)), request(kind))
		require.Equal(t, http.StatusOK, alone.Code)
		require.Equal(t, fmt.Sprint(3*tasks), alone.Header().Get(query.HeaderBlocks))
		require.Equal(t, fmt.Sprint(size*tasks), alone.Header().Get(query.HeaderBytes))
		require.Equal(t, "0", alone.Header().Get(query.HeaderWorkers))
		require.Empty(t, alone.Header().Get(query.HeaderPartial))
		require.Empty(t, alone.Header().Get(query.HeaderTrimmed))

		d := answered(w.divided(t, query.Settings{Fanout: over(2)}, w.workers(t)), request(kind))
		require.Equal(t, fmt.Sprint(size*tasks), d.Header().Get(query.HeaderBytes))
		require.Equal(t, fmt.Sprint(2*tasks), d.Header().Get(query.HeaderWorkers))
	}
	static := answered(w.handler, httptest.NewRequest(http.MethodGet, "/ready", nil))
	require.NotContains(t, static.Header(), query.HeaderBlocks)
}

// The one line of an invocation has all about its query, and so have the
// metrics.
func TestTheLogLineOfAQuery(t *testing.T) {
	w := threeBlocks(t)
	var metrics bytes.Buffer
	m := telemetry.NewMetrics(&metrics, "query", time.Now)
	i := telemetry.NewInvocation("req-1", m)
	asked := make(chan string, 9)
	workers := w.workers(t)
	h := w.divided(t, query.Settings{Fanout: over(3)}, backendFunc(func(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
		asked <- r.Query
		if len(asked) == 1 {
			return nil, querybackend.ErrWorker
		}
		return workers.Ask(ctx, r)
	}))
	r := request("post")
	res := answered(h, r.WithContext(telemetry.WithInvocation(r.Context(), i)))
	require.Equal(t, http.StatusOK, res.Code)
	require.Equal(t, "req-1", <-asked)
	attrs := make(map[string]any)
	for _, a := range i.Attrs() {
		attrs[a.Key] = a.Value.Any()
	}
	require.Positive(t, attrs["bytes"])
	require.Positive(t, attrs["planned_bytes"])
	delete(attrs, "bytes")
	delete(attrs, "planned_bytes")
	require.Equal(t, map[string]any{
		"tenant": "anonymous", "blocks": int64(3), "requests": int64(3), "cache_hits": int64(0), "workers": int64(4),
		"retries": int64(1), "replans": int64(0), "missing": int64(0), "cpu_ms": 0.0,
	}, attrs)
	require.NoError(t, m.Flush())
	var line map[string]any
	require.NoError(t, json.Unmarshal(metrics.Bytes(), &line))
	require.Equal(t, 1.0, line["Queries"])
	require.Equal(t, 4.0, line["QueryWorkers"])
	require.Equal(t, 1.0, line["QueryRetries"])
	require.NotContains(t, line, "PartialAnswers")
}

// Blocks that are missing are an error or, for those who take it, a partial
// answer that says so, whoever was to read them.
func TestPartialAnswersAreAskedForAndSaySo(t *testing.T) {
	w := threeBlocks(t)
	rows, err := w.index.Find(t.Context(), "anonymous", 0, base*2e6)
	require.NoError(t, err)
	delete(w.objects, block.Key("anonymous", rows[1].ID))
	for name, h := range map[string]http.Handler{
		"alone":   query.New(query.Settings{}, w.counted(t)),
		"divided": w.divided(t, query.Settings{Fanout: over(3)}, w.workers(t)),
	} {
		for _, kind := range []string{"post", "get"} {
			for _, value := range []string{"", "false"} {
				r := request(kind)
				r.Header.Set(query.HeaderAllowPartial, value)
				res := answered(h, r)
				require.Equal(t, http.StatusServiceUnavailable, res.Code, name)
				require.Contains(t, res.Body.String(), "1 of 3 blocks could not be read")
				require.Contains(t, res.Body.String(), query.HeaderAllowPartial)
				require.Equal(t, "1/3", strings.Replace(res.Header().Get(query.HeaderPartial), "1/6", "1/3", 1))
			}
			r := request(kind)
			r.Header.Set(query.HeaderAllowPartial, "true")
			res := answered(h, r)
			require.Equal(t, http.StatusOK, res.Code, name)
			require.True(t, strings.HasPrefix(res.Header().Get(query.HeaderPartial), "1/"), kind)
			if kind == "post" {
				require.Equal(t, "1/3", res.Header().Get(query.HeaderPartial))
				require.Contains(t, compact(res.Body.Bytes()), `"total":"20"`)
			}
		}
	}
	r := request("post")
	r.Header.Set(query.HeaderAllowPartial, "yes")
	require.Equal(t, http.StatusBadRequest, answered(w.handler, r).Code)
	// Nothing at all is no partial answer.
	clear(w.objects)
	r = request("post")
	r.Header.Set(query.HeaderAllowPartial, "true")
	require.Equal(t, http.StatusServiceUnavailable, answered(w.handler, r).Code)
}

// A block that is swept between planning and reading is found in what replaces
// it, at any method.
func TestASweptBlockIsNoError(t *testing.T) {
	w := threeBlocks(t)
	rows, err := w.index.Find(t.Context(), "anonymous", 0, base*2e6)
	require.NoError(t, err)
	late := rows[2]
	key := block.Key("anonymous", late.ID)
	for method, body := range methods() {
		for _, workers := range []int{0, 3} {
			asked := 0
			index := indexFunc(func(context.Context, profile.TenantID, int64, int64) ([]blockindex.Row, error) {
				if asked++; asked == 1 {
					return rows, nil
				}
				return rows[:2], nil
			})
			d := w.deps(t, index)
			if workers > 0 {
				d.Backend = w.workers(t)
			}
			s := query.Settings{}
			if workers > 0 {
				s.Fanout = over(workers)
			}
			object := w.objects[key]
			delete(w.objects, key)
			status, answer := serve(t.Context(), query.New(s, d), method, body, "")
			w.objects[key] = object
			require.Equal(t, http.StatusOK, status, "%s with %d workers: %v", method, workers, answer)
		}
	}
}

func TestWhatIsBeforeTheLookbackIsCutOffAndSaidSo(t *testing.T) {
	w := newWorld(t, query.Settings{Lookback: 30 * time.Minute}) // the clock is at base + 10 min
	old := base - 40*60_000
	w.store(t, "anonymous", cpuProfile(old*1e6, service("a", "pod", "old"), cpu("f", 7)), cpuProfile(base*1e6, service("a", "pod", "new"), cpu("f", 10)))
	earliest := time.UnixMilli(base - 20*60_000).UTC().Format(time.RFC3339)
	c := w.client()
	asking := connect.NewRequest(stacks(func(r *querierv1.SelectMergeStacktracesRequest) { r.Start, r.End = old-hour, base+hour }))
	res, err := c.SelectMergeStacktraces(t.Context(), asking)
	require.NoError(t, err)
	require.Equal(t, int64(10), res.Msg.Flamegraph.Total)
	require.Equal(t, earliest, res.Header().Get(query.HeaderTrimmed))

	series, err := c.SelectSeries(t.Context(), connect.NewRequest(&querierv1.SelectSeriesRequest{
		ProfileTypeID: cpuID, LabelSelector: "{}", Start: old - 60_000, End: base + 60_000, Step: 60,
	}))
	require.NoError(t, err)
	require.Len(t, series.Msg.Series, 1)
	require.Equal(t, []*typesv1.Point{{Timestamp: base, Value: 10}}, series.Msg.Series[0].Points)
	require.Equal(t, earliest, series.Header().Get(query.HeaderTrimmed))

	// Grafana asks for 1970 to see whether anybody is there.
	types, err := c.ProfileTypes(t.Context(), connect.NewRequest(&querierv1.ProfileTypesRequest{Start: 1, End: 2}))
	require.NoError(t, err)
	require.Empty(t, types.Msg.ProfileTypes)
	require.Equal(t, earliest, types.Header().Get(query.HeaderTrimmed))

	within, err := c.LabelValues(t.Context(), connect.NewRequest(&typesv1.LabelValuesRequest{Name: "pod", Start: base - 60_000, End: base}))
	require.NoError(t, err)
	require.Empty(t, within.Header().Get(query.HeaderTrimmed))
}

func TestTooManyQueriesOfATenantAre429(t *testing.T) {
	w := threeBlocks(t)
	s := query.Settings{Multitenancy: true, Fanout: over(1)}
	s.Fanout.TenantQueries = 1
	waiting, over := make(chan struct{}), make(chan struct{})
	workers := w.workers(t)
	h := w.divided(t, s, backendFunc(func(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
		if r.Tenant == "anonymous" {
			close(waiting)
			<-over
		}
		return workers.Ask(ctx, r)
	}))
	first := make(chan int)
	ask := func(tenant string) int {
		r := request("post")
		r.Header.Set(tenantHeader, tenant)
		return answered(h, r).Code
	}
	go func() { first <- ask("anonymous") }()
	<-waiting
	require.Equal(t, http.StatusTooManyRequests, ask("anonymous"))
	require.Equal(t, http.StatusOK, ask("beta"), "others are not concerned")
	close(over)
	require.Equal(t, http.StatusOK, <-first)
}

// A query whose time is up is told so, with what is missing; a client that went
// away stops the workers.
func TestTimeAndCancellation(t *testing.T) {
	w := threeBlocks(t)
	stopped := make(chan error, 9)
	asked := make(chan struct{}, 9)
	stuck := backendFunc(func(ctx context.Context, _ *querybackend.Request) (*querybackend.Answer, error) {
		asked <- struct{}{}
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return nil, context.Cause(ctx)
	})
	h := w.divided(t, query.Settings{Fanout: over(1), Timeout: 20 * time.Millisecond}, stuck)
	res := answered(h, request("post"))
	require.Equal(t, http.StatusGatewayTimeout, res.Code)
	require.Contains(t, res.Body.String(), "3 of 3 blocks could not be read in time")
	require.ErrorIs(t, <-stopped, context.DeadlineExceeded)
	<-asked

	h = w.divided(t, query.Settings{Fanout: over(1)}, stuck)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	require.Equal(t, 499, answered(h, request("post").WithContext(ctx)).Code)
	require.ErrorIs(t, <-stopped, context.Canceled)
}

// Whatever fails inside a worker stays inside.
func TestErrorsOfWorkersStayInside(t *testing.T) {
	w := threeBlocks(t)
	h := w.divided(t, query.Settings{Fanout: over(2)}, backendFunc(func(context.Context, *querybackend.Request) (*querybackend.Answer, error) {
		return nil, errors.New("secret function is on fire")
	}))
	res := answered(h, request("post"))
	require.Equal(t, http.StatusServiceUnavailable, res.Code)
	require.NotContains(t, res.Body.String(), "secret")
	require.Contains(t, w.log.String(), "secret function is on fire")
	require.Contains(t, w.log.String(), "tenant=anonymous")
}
