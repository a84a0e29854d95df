package query_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

type querier = querierv1connect.QuerierServiceClient

// eachCodec runs a test with clients of both encodings.
func eachCodec(t *testing.T, w *world, f func(t *testing.T, c querier)) {
	t.Run("proto", func(t *testing.T) { f(t, w.client()) })
	t.Run("json", func(t *testing.T) { f(t, w.client(connect.WithProtoJSON())) })
}

// stacks is a request that is fine, with changes.
func stacks(change ...func(*querierv1.SelectMergeStacktracesRequest)) *querierv1.SelectMergeStacktracesRequest {
	r := &querierv1.SelectMergeStacktracesRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour}
	for _, c := range change {
		c(r)
	}
	return r
}

func seriesRequest(change ...func(*querierv1.SelectSeriesRequest)) *querierv1.SelectSeriesRequest {
	r := &querierv1.SelectSeriesRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, Step: 15}
	for _, c := range change {
		c(r)
	}
	return r
}

// ranged calls every method that has a time range.
func ranged(t testing.TB, c querier, start, end int64, header ...string) map[string]error {
	errs := map[string]error{}
	_, errs["LabelNames"] = ask(t, c.LabelNames, &typesv1.LabelNamesRequest{Start: start, End: end}, header...)
	_, errs["LabelValues"] = ask(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "pod", Start: start, End: end}, header...)
	_, errs["Series"] = ask(t, c.Series, &querierv1.SeriesRequest{Start: start, End: end}, header...)
	in := func(r *querierv1.SelectMergeStacktracesRequest) { r.Start, r.End = start, end }
	_, errs["SelectMergeStacktraces"] = ask(t, c.SelectMergeStacktraces, stacks(in), header...)
	_, errs["Diff left"] = ask(t, c.Diff, &querierv1.DiffRequest{Left: stacks(in), Right: stacks()}, header...)
	_, errs["Diff right"] = ask(t, c.Diff, &querierv1.DiffRequest{Left: stacks(), Right: stacks(in)}, header...)
	_, errs["SelectMergeProfile"] = ask(t, older(c).SelectMergeProfile,
		&querierv1.SelectMergeProfileRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: start, End: end}, header...)
	_, errs["SelectMergeSpanProfile"] = ask(t, older(c).SelectMergeSpanProfile,
		&querierv1.SelectMergeSpanProfileRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: start, End: end}, header...)
	_, errs["SelectHeatmap"] = ask(t, c.SelectHeatmap, &querierv1.SelectHeatmapRequest{
		ProfileTypeID: cpuID, LabelSelector: "{}", Start: start, End: end, Step: 1e9, QueryType: 1,
	}, header...)
	_, errs["AnalyzeQuery"] = ask(t, c.AnalyzeQuery, &querierv1.AnalyzeQueryRequest{Query: "{}", Start: start, End: end}, header...)
	_, errs["SelectSeries"] = ask(t, c.SelectSeries,
		seriesRequest(func(r *querierv1.SelectSeriesRequest) { r.Start, r.End, r.Step = start, end, 1e9 }), header...)
	return errs
}

func requireCode(t *testing.T, code connect.Code, part string, err error, name any) {
	t.Helper()
	require.Error(t, err, name)
	require.Equal(t, code, connect.CodeOf(err), "%v: %v", name, err)
	require.ErrorContains(t, err, part, name)
}

func TestTimeRangesAreNeeded(t *testing.T) {
	w := newWorld(t, query.Settings{})
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, r := range [][2]int64{{0, 0}, {base, 0}, {0, base}} {
			for name, err := range ranged(t, c, r[0], r[1]) {
				requireCode(t, connect.CodeInvalidArgument, "missing time range in the query", err, name)
			}
		}
		for name, err := range ranged(t, c, base+1, base) {
			requireCode(t, connect.CodeInvalidArgument, "after its end", err, name)
		}
		_, err := ask(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base})
		requireCode(t, connect.CodeInvalidArgument, "missing time range", err, "ProfileTypes")
		_, err = ask(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base + 1, End: base})
		requireCode(t, connect.CodeInvalidArgument, "after its end", err, "ProfileTypes")
		_, err = ask(t, c.Diff, &querierv1.DiffRequest{Left: stacks()})
		requireCode(t, connect.CodeInvalidArgument, "missing time range", err, "Diff")
	})
}

func TestAnyTimeRangeIsAnswered(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("main", 10)))
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, r := range [][2]int64{
			{1000, 4000}, {1, base + 90*24*hour}, {-5, -4}, {math.MinInt64, math.MaxInt64}, {math.MaxInt64 - 1, math.MaxInt64},
			{math.MinInt64, math.MinInt64}, {base, base}, {1, math.MaxInt64},
		} {
			for name, err := range ranged(t, c, r[0], r[1]) {
				require.NoError(t, err, "%s %v", name, r)
			}
			_, err := ask(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: r[0], End: r[1]})
			require.NoError(t, err, "%v", r)
		}
	})
}

func TestBadStackRequestsAreRefused(t *testing.T) {
	type request = querierv1.SelectMergeStacktracesRequest
	const bad = connect.CodeInvalidArgument
	w := newWorld(t, query.Settings{MaxNodesMax: 1000})
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, x := range []struct {
			code   connect.Code
			part   string
			change func(*request)
		}{
			{bad, "parse label selector", func(r *request) { r.LabelSelector = "" }},
			{bad, "parse label selector", func(r *request) { r.LabelSelector = `{a=b}` }},
			{bad, "parse label selector", func(r *request) { r.LabelSelector = `{a=~"("}` }},
			{bad, "profile-type selection must be of the form", func(r *request) { r.ProfileTypeID = "" }},
			{bad, "profile-type selection must be of the form", func(r *request) { r.ProfileTypeID = "a:b:c:d" }},
			{bad, "profile-type selection must be of the form", func(r *request) { r.ProfileTypeID = "a:b:c:d:e:f" }},
			{bad, "negative", func(r *request) { r.MaxNodes = ptr(int64(-1)) }},
			{bad, "limit of 1000", func(r *request) { r.MaxNodes = ptr(int64(1001)) }},
			{bad, "span id", func(r *request) { r.SpanSelector = []string{"${__span.tags[pyroscope.profile.id]}"} }},
			{bad, "span id", func(r *request) { r.SpanSelector = []string{"0123456789abcde"} }},
			{bad, "span id", func(r *request) { r.SpanSelector = []string{"+123456789abcdef"} }},
			{bad, "span id", func(r *request) { r.SpanSelector = []string{"0000000000000000"} }},
			{bad, "span id", func(r *request) { r.SpanSelector = []string{"0123456789abcdef", ""} }},
			{bad, "exclude each other", func(r *request) {
				r.SpanSelector, r.TraceIdSelector = []string{"0123456789abcdef"}, []string{strings.Repeat("a", 32)}
			}},
			{bad, "trace id", func(r *request) { r.TraceIdSelector = []string{"0123456789abcdef"} }},
			{bad, "profile id", func(r *request) { r.ProfileIdSelector = []string{"x"} }},
			{bad, "trace id", func(r *request) { r.TraceIdSelector = []string{strings.Repeat("0", 32)} }},
			{bad, "trace id", func(r *request) { r.TraceIdSelector = []string{strings.Repeat("a", 32), strings.Repeat("g", 32)} }},
			{bad, "profile id", func(r *request) { r.ProfileIdSelector = []string{"7c9e6679-7425-40de-944b-e07fc1f90ae"} }},
		} {
			_, err := ask(t, c.SelectMergeStacktraces, stacks(x.change))
			requireCode(t, x.code, x.part, err, "SelectMergeStacktraces")
			_, err = ask(t, c.Diff, &querierv1.DiffRequest{Left: stacks(), Right: stacks(x.change)})
			requireCode(t, x.code, x.part, err, "Diff")
			r := stacks(x.change)
			if r.SpanSelector == nil {
				_, err = ask(t, older(c).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
					ProfileTypeID: r.ProfileTypeID, LabelSelector: r.LabelSelector, Start: r.Start, End: r.End, MaxNodes: r.MaxNodes,
					StackTraceSelector: r.StackTraceSelector, ProfileIdSelector: r.ProfileIdSelector, TraceIdSelector: r.TraceIdSelector,
				})
				requireCode(t, x.code, x.part, err, "SelectMergeProfile")
			}
			if r.TraceIdSelector == nil && r.ProfileIdSelector == nil && r.StackTraceSelector == nil {
				_, err = ask(t, older(c).SelectMergeSpanProfile, &querierv1.SelectMergeSpanProfileRequest{
					ProfileTypeID: r.ProfileTypeID, LabelSelector: r.LabelSelector, Start: r.Start, End: r.End, MaxNodes: r.MaxNodes,
					SpanSelector: r.SpanSelector,
				})
				requireCode(t, x.code, x.part, err, "SelectMergeSpanProfile")
			}
		}
		for _, f := range []querierv1.ProfileFormat{0, 1, 2, 3, 77} {
			_, err := ask(t, c.SelectMergeStacktraces, stacks(func(r *request) {
				r.Format, r.StackTraceSelector = f, &typesv1.StackTraceSelector{GoPgo: &typesv1.GoPGO{}}
			}))
			requireCode(t, bad, "go_pgo", err, f)
		}
	})
}

func TestOddButFineStackRequests(t *testing.T) {
	type request = querierv1.SelectMergeStacktracesRequest
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("main", 10)))
	eachCodec(t, w, func(t *testing.T, c querier) {
		for name, change := range map[string]func(*request){
			"delta type":           func(r *request) { r.ProfileTypeID += ":delta" },
			"trailing comma":       func(r *request) { r.LabelSelector = `{service_name="a",}` },
			"metric name":          func(r *request) { r.LabelSelector = `process_cpu{}` },
			"no nodes":             func(r *request) { r.MaxNodes = ptr(int64(0)) },
			"most nodes":           func(r *request) { r.MaxNodes = ptr(int64(1 << 20)) },
			"empty stack selector": func(r *request) { r.StackTraceSelector = &typesv1.StackTraceSelector{} },
			"unknown format":       func(r *request) { r.Format = 77 },
			"async":                func(r *request) { r.Async = &querierv1.AsyncQueryRequest{Type: 1} },
			"shortest range":       func(r *request) { r.End = r.Start },
		} {
			res := must(t, c.SelectMergeStacktraces, stacks(change))
			require.Equal(t, int64(10), res.GetFlamegraph().GetTotal(), name)
			require.Nil(t, res.Async, name)
		}
		_, err := ask(t, c.SelectMergeStacktraces, stacks(func(r *request) { r.MaxNodes = ptr(int64(1<<20 + 1)) }))
		requireCode(t, connect.CodeInvalidArgument, "max_nodes", err, "one more than the most")
	})
	// Names of enum values and fields that are not known are no reason to fail.
	status, answer := w.post(t, "/querier.v1.QuerierService/SelectMergeStacktraces", fmt.Sprintf(
		`{"profile_typeID":%q,"labelSelector":"{}","start":%d,"end":"%d","format":"PROFILE_FORMAT_FUNCTIONS","frameFilter":{"x":1}}`,
		cpuID, base, base+hour))
	require.Equal(t, http.StatusOK, status, answer)
	require.Contains(t, answer, `"flamegraph":{"names":["total","main"]`)
}

func TestBadSeriesRequestsAreRefused(t *testing.T) {
	type request = querierv1.SelectSeriesRequest
	w := newWorld(t, query.Settings{})
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, x := range []struct {
			part   string
			change func(*request)
		}{
			{"parse label selector", func(r *request) { r.LabelSelector = "" }},
			{"profile-type selection", func(r *request) { r.ProfileTypeID = "cpu" }},
			{"at least 1 ms", func(r *request) { r.Step = 0 }},
			{"at least 1 ms", func(r *request) { r.Step = -15 }},
			{"at least 1 ms", func(r *request) { r.Step = 0.000999 }},
			{"at least 1 ms", func(r *request) { r.Step = math.NaN() }},
			{"use a step of at least 1 s", func(r *request) { r.End, r.Step = r.Start+query.MaxPoints, 0.001 }},
			{"use a step of at least 24 s", func(r *request) { r.End, r.Step = r.Start+30*24*hour, 15 }},
		} {
			_, err := ask(t, c.SelectSeries, seriesRequest(x.change))
			requireCode(t, connect.CodeInvalidArgument, x.part, err, x.part)
		}
		must(t, c.SelectSeries, seriesRequest(func(r *request) { r.End, r.Step = r.Start+query.MaxPoints-1, 0.001 }))
		must(t, c.SelectSeries, seriesRequest(func(r *request) { r.End, r.Step = r.Start+30*24*hour, 24 }))
		_, err := ask(t, c.SelectSeries, seriesRequest(func(r *request) { r.ExemplarType = typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN }))
		requireCode(t, connect.CodeUnimplemented, "exemplars", err, "spans")
		must(t, c.SelectSeries, seriesRequest(func(r *request) { r.ExemplarType = typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL }))
	})
}

func TestBadLabelRequestsAreRefused(t *testing.T) {
	w := newWorld(t, query.Settings{})
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, m := range [][]string{{""}, {"{}", ""}, {"{a"}} {
			_, err := ask(t, c.LabelNames, &typesv1.LabelNamesRequest{Matchers: m, Start: base, End: base})
			requireCode(t, connect.CodeInvalidArgument, "parse label selector", err, m)
			_, err = ask(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "a", Matchers: m, Start: base, End: base})
			requireCode(t, connect.CodeInvalidArgument, "parse label selector", err, m)
			_, err = ask(t, c.Series, &querierv1.SeriesRequest{Matchers: m, Start: base, End: base})
			requireCode(t, connect.CodeInvalidArgument, "parse label selector", err, m)
		}
		_, err := ask(t, c.LabelValues, &typesv1.LabelValuesRequest{Start: base, End: base})
		requireCode(t, connect.CodeInvalidArgument, "missing label name", err, "no name")
	})
}

func TestBadHeatmapRequestsAreRefused(t *testing.T) {
	type request = querierv1.SelectHeatmapRequest
	w := newWorld(t, query.Settings{})
	eachCodec(t, w, func(t *testing.T, c querier) {
		for _, x := range []struct {
			part   string
			change func(*request)
		}{
			{"missing query_type", func(r *request) { r.QueryType = 0 }},
			{"missing query_type", func(r *request) { r.QueryType = 9 }},
			{"does not fit", func(r *request) { r.ExemplarType = typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN }},
			{"does not fit", func(r *request) { r.QueryType, r.ExemplarType = 2, typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL }},
			{"missing time range", func(r *request) { r.Start = 0 }},
			{"parse label selector", func(r *request) { r.LabelSelector = "" }},
			{"profile-type selection", func(r *request) { r.ProfileTypeID = "cpu" }},
			{"at least 1 ms", func(r *request) { r.Step = 0 }},
		} {
			r := &request{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, Step: 15, QueryType: 1}
			x.change(r)
			_, err := ask(t, c.SelectHeatmap, r)
			requireCode(t, connect.CodeInvalidArgument, x.part, err, x.part)
		}
	})
}

func TestBadAnalyzeRequestsAreRefused(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for part, r := range map[string]*querierv1.AnalyzeQueryRequest{
		"missing time range":     {Query: "{}"},
		"profile-type selection": {Query: "cpu{}", Start: base, End: base},
		"parse label selector":   {Query: "{", Start: base, End: base},
	} {
		_, err := ask(t, w.client().AnalyzeQuery, r)
		requireCode(t, connect.CodeInvalidArgument, part, err, part)
	}
}

func TestTooManyPointsAreRefused(t *testing.T) {
	w := newWorld(t, query.Settings{})
	var pushed []blocktest.Pushed
	for i := range 40 {
		pushed = append(pushed, cpuProfile(base*1e6, service("a", "pod", fmt.Sprint(i)), cpu("main", 10)))
	}
	w.store(t, "anonymous", pushed...)
	_, err := ask(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) {
		r.End, r.Step, r.GroupBy = r.Start+query.MaxPoints-1, 0.001, []string{"pod"}
	}))
	requireCode(t, connect.CodeResourceExhausted, "use a longer step", err, "series")
}

func TestRequestsAreBounded(t *testing.T) {
	w := newWorld(t, query.Settings{})
	long := strings.Repeat("x", 2<<20)
	for _, c := range []querier{w.client(), w.client(connect.WithSendGzip())} {
		_, err := c.LabelValues(context.Background(), connect.NewRequest(&typesv1.LabelValuesRequest{Name: long, Start: base, End: base}))
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), "%v", err)
	}
}
