package query_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// over returns settings that divide every query over so many workers, if it has
// as many blocks.
func over(workers int) fanout.Settings {
	s := fanout.DefaultSettings()
	s.Limits = fanout.Limits{InlineBytes: -1, WorkerBytes: 1, WorkerBlocks: 1, MaxWorkers: workers}
	return s
}

// workers returns a backend on the objects of a world.
func (w *world) workers(t testing.TB) querybackend.Backend {
	reader, err := block.NewReader(readstats.Reader(w.objects))
	require.NoError(t, err)
	worker := queryworker.New(queryworker.Settings{}, queryworker.Deps{
		Engine: engine.New(reader), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	answer := func(ctx context.Context, c querybackend.Call) (querybackend.Reply, error) {
		// A worker is an invocation of its own.
		return worker.Answer(telemetry.WithInvocation(ctx, telemetry.NewInvocation("worker", nil)), c)
	}
	return localbackend.New(answer, w.objects, time.Now)
}

// divided returns a handler of the world's blocks that divides queries.
func (w *world) divided(t testing.TB, s query.Settings, backend querybackend.Backend) *query.Handler {
	d := w.deps(t, w.index)
	d.Backend = backend
	return query.New(s, d)
}

// wholeAnswer is all of an answer that a client sees but the headers about how
// it came about; it adds to the number of workers that were asked.
func wholeAnswer(h http.Handler, r *http.Request, workers *int) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	n, _ := strconv.Atoi(w.Header().Get(query.HeaderWorkers)) // 0 if there is none
	*workers += n
	body := w.Body.String()
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		body = compact([]byte(body)) // the encoder puts spaces where it likes
	}
	return fmt.Sprintf("%d %s %s", w.Code, w.Header().Get("Content-Type"), body)
}

// twinWorld stores random profiles in random blocks, one of them twice as a
// tie: series with equal totals.
func twinWorld(t testing.TB, seed uint64, tenants ...profile.TenantID) *world {
	r := rand.New(rand.NewPCG(seed, 5))
	w := newWorld(t, query.Settings{Multitenancy: true})
	for _, tenant := range tenants {
		blocks := make([][]blocktest.Pushed, 40)
		for i, p := range blocktest.Random(r, 160, 60) {
			at := i
			if i >= len(blocks) {
				at = r.IntN(len(blocks))
			}
			blocks[at] = append(blocks[at], p)
			if i%5 == 0 { // the same values in another series
				twin := p
				twin.Labels = p.Labels.With("pod", "twin-of-"+p.Labels.Get("pod"))
				twin.ID[0]++
				to := r.IntN(len(blocks))
				blocks[to] = append(blocks[to], twin)
			}
		}
		for _, b := range blocks {
			w.store(t, tenant, b...)
		}
	}
	return w
}

// randomRequests has a request of every kind with random times, selectors and
// options.
func randomRequests(r *rand.Rand) map[string]func() *http.Request {
	start := base + r.Int64N(30)*60_000
	return requestsIn(r, start, start+1+r.Int64N(40)*60_000)
}

// requestsIn are random requests about a time, Unix milliseconds.
func requestsIn(r *rand.Rand, start, end int64) map[string]func() *http.Request {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	typ := pick(cpuID, cpuID, "process_cpu:samples:count:cpu:nanoseconds", "memory:alloc_space:bytes:space:bytes")
	selector := pick(`{}`, `{}`, `{service_name="service-1"}`, `{service_name=~"service-[02]"}`, `{pod=~"pod-[12]|twin.*"}`, `{endpoint="/e1"}`)
	in := fmt.Sprintf(`"profile_typeID":%q,"label_selector":%q,"start":%d,"end":%d`, typ, selector, start, end)
	span := pick(``, ``, `,"span_selector":["0000000000000001","0000000000000002"]`)
	site := pick(``, ``, `,"stack_trace_selector":{"call_site":[{"name":"main.f1"}]}`)
	nodes := pick(``, `,"max_nodes":5`, `,"max_nodes":20`)
	by := pick(``, `,"group_by":["pod"]`, `,"group_by":["pod","endpoint"]`, `,"group_by":["service_name"]`)
	limit := pick(``, `,"limit":3`)
	labels := fmt.Sprintf(`"matchers":[%q],"start":%d,"end":%d`, selector, start, end)
	out := make(map[string]func() *http.Request)
	post := func(name, method, body string) {
		out[name] = func() *http.Request {
			q := httptest.NewRequest(http.MethodPost, "/querier.v1.QuerierService/"+method, strings.NewReader(body))
			q.Header.Set("Content-Type", "application/json")
			return q
		}
	}
	for _, format := range []string{"FLAMEGRAPH", "TREE", "PPROF", "DOT"} {
		post(format, "SelectMergeStacktraces", `{`+in+span+site+nodes+`,"format":"PROFILE_FORMAT_`+format+`"}`)
	}
	post("pgo", "SelectMergeStacktraces", `{`+in+`,"format":"PROFILE_FORMAT_PPROF","stack_trace_selector":{"go_pgo":{"keep_locations":2,"aggregate_callees":true}}}`)
	post("profile", "SelectMergeProfile", `{`+in+nodes+`}`)
	post("span profile", "SelectMergeSpanProfile", `{`+in+span+nodes+`}`)
	post("series", "SelectSeries", `{`+in+by+site+limit+`,"step":60}`)
	post("average", "SelectSeries", `{`+in+by+limit+`,"step":300,"aggregation":1}`)
	post("exemplars", "SelectSeries", `{`+in+by+limit+`,"step":300,"exemplar_type":"EXEMPLAR_TYPE_INDIVIDUAL"}`)
	post("heatmap", "SelectHeatmap", `{`+in+by+limit+`,"step":300,"query_type":1,"exemplar_type":"EXEMPLAR_TYPE_INDIVIDUAL"}`)
	post("span heatmap", "SelectHeatmap", `{`+in+by+limit+`,"step":300,"query_type":2,"exemplar_type":"EXEMPLAR_TYPE_SPAN"}`)
	post("diff", "Diff", `{"left":{`+in+`},"right":{`+strings.Replace(in, fmt.Sprint(start), fmt.Sprint((start+end)/2), 1)+nodes+`}}`)
	post("label names", "LabelNames", `{`+labels+`}`)
	post("label values", "LabelValues", `{`+labels+`,"name":"`+pick("pod", "endpoint", "service_name")+`"}`)
	post("label sets", "Series", `{`+labels+pick(``, `,"label_names":["pod","__profile_type__"]`)+`}`)
	post("analysis", "AnalyzeQuery", fmt.Sprintf(`{"query":%q,"start":%d,"end":%d}`, selector, start, end))
	values := url.Values{
		"query": {typ + selector}, "from": {fmt.Sprint(start)}, "until": {fmt.Sprint(end)},
		"groupBy": {pick("", "pod")}, "aggregation": {pick("sum", "avg")},
	}
	out["render"] = func() *http.Request {
		return httptest.NewRequest(http.MethodGet, "/pyroscope/render?"+values.Encode(), nil)
	}
	return out
}

// How a query is divided does not show in a single byte of the answer.
func TestAnyNumberOfWorkersGivesTheSameBytes(t *testing.T) {
	splits, asked := [...]int{1, 2, 7, 32}, [4]int{}
	for seed := range uint64(3) {
		w := twinWorld(t, seed, "acme", "beta")
		alone := query.New(query.Settings{Multitenancy: true}, w.deps(t, w.index))
		var handlers [4]http.Handler
		for i, n := range splits {
			handlers[i] = w.divided(t, query.Settings{Multitenancy: true, Fanout: over(n)}, w.workers(t))
		}
		r := rand.New(rand.NewPCG(seed, 6))
		for round := range 4 {
			tenant := []string{"acme", "beta", "acme|beta"}[r.IntN(3)]
			for name, request := range randomRequests(r) {
				ask := func(h http.Handler, asked *int) string {
					q := request()
					q.Header.Set(tenantHeader, tenant)
					return wholeAnswer(h, q, asked)
				}
				var none int
				want := ask(alone, &none)
				require.Zero(t, none)
				require.True(t, strings.HasPrefix(want, "200 "), "%s: %s", name, want)
				for i, h := range handlers {
					require.Equal(t, want, ask(h, &asked[i]), "%s of %s, %d workers, seed %d, round %d", name, tenant, splits[i], seed, round)
				}
			}
		}
	}
	// Several times as many for several times the workers: they were asked.
	require.Less(t, asked[0], asked[1])
	require.Less(t, 2*asked[1], asked[2])
	require.Less(t, 2*asked[2], asked[3])
}
