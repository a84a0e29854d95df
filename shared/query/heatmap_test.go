package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

func heatmapRequest(change func(*querierv1.SelectHeatmapRequest)) *querierv1.SelectHeatmapRequest {
	r := &querierv1.SelectHeatmapRequest{
		ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, Step: 15,
		QueryType: querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_INDIVIDUAL,
	}
	change(r)
	return r
}

// heated is five profiles with values from 100 to 2100, 100 to a row, in two
// slots of time.
func heated(t *testing.T) *world {
	w := newWorld(t, query.Settings{})
	span := func(id string) []string {
		return []string{"span_id", "00000000000000" + id, "trace_id", "000000000000000000000000000000" + id}
	}
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("a", "pod", "1"), cpu("f", 60, span("aa")...), cpu("g", 30, span("aa")...), cpu("h", 10)),
		cpuProfile(base*1e6, service("a", "pod", "2"), cpu("f", 190)),
	)
	w.store(t, "anonymous",
		cpuProfile(base*1e6-1e6, service("a", "pod", "1"), cpu("f", 200)),
		cpuProfile((base+1)*1e6, service("a", "pod", "1"), cpu("f", 2100, span("bb")...)),
		cpuProfile((base+15_000)*1e6, service("a", "pod", "2"), cpu("f", 2000)),
	)
	return w
}

func TestHeatmapsCountProfiles(t *testing.T) {
	w := heated(t)
	r := heatmapRequest(func(r *querierv1.SelectHeatmapRequest) {
		r.ExemplarType = typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL
	})
	series := must(t, w.client().SelectHeatmap, r).Series
	require.Len(t, series, 1)
	require.Empty(t, series[0].Labels)
	slots := series[0].Slots
	require.Len(t, slots, 2)
	counts := func(at map[int]int32) []int32 {
		out := make([]int32, 20)
		for row, n := range at {
			out[row] = n
		}
		return out
	}
	for _, s := range slots {
		require.Len(t, s.YMin, 20)
		require.Equal(t, 100.0, s.YMin[0])
		require.Equal(t, 2000.0, s.YMin[19])
	}
	require.Equal(t, base, slots[0].Timestamp)
	require.Equal(t, counts(map[int]int32{0: 2, 1: 1}), slots[0].Counts)
	require.Equal(t, base+15_000, slots[1].Timestamp)
	require.Equal(t, counts(map[int]int32{19: 2}), slots[1].Counts)
	require.Len(t, slots[0].Exemplars, 2)
	require.Equal(t, int64(190), slots[0].Exemplars[0].Value)
	require.Equal(t, int64(200), slots[0].Exemplars[1].Value)
	require.Equal(t, base-1, slots[0].Exemplars[1].Timestamp)
	require.Len(t, slots[1].Exemplars, 1)
	require.Contains(t, labelKey(slots[1].Exemplars[0].Labels), "pod=1,service_name=a")
	require.Empty(t, slots[1].Exemplars[0].SpanId)
	found := must(t, w.client().SelectMergeStacktraces, stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
		r.ProfileIdSelector = []string{slots[1].Exemplars[0].ProfileId}
	}))
	require.Equal(t, int64(2100), found.Flamegraph.Total)
}

func TestHeatmapsCountSpans(t *testing.T) {
	w := heated(t)
	r := heatmapRequest(func(r *querierv1.SelectHeatmapRequest) {
		r.QueryType, r.ExemplarType = querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_SPAN, typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN
	})
	series := must(t, w.client().SelectHeatmap, r).Series
	require.Len(t, series, 1)
	require.Len(t, series[0].Slots, 2)
	for i, want := range []struct {
		value       int64
		row         int
		span, trace string
	}{
		{90, 0, "00000000000000aa", "000000000000000000000000000000aa"}, {2100, 19, "00000000000000bb", "000000000000000000000000000000bb"},
	} {
		slot := series[0].Slots[i]
		require.Equal(t, int32(1), slot.Counts[want.row])
		require.Len(t, slot.Exemplars, 1)
		require.Equal(t, want.value, slot.Exemplars[0].Value)
		require.Equal(t, want.span, slot.Exemplars[0].SpanId)
		require.Equal(t, want.trace, slot.Exemplars[0].TraceId)
	}
}

func TestHeatmapsAreGroupedAndLimited(t *testing.T) {
	w := heated(t)
	ask := func(limit *int64) (pods string) {
		for _, s := range must(t, w.client().SelectHeatmap, heatmapRequest(func(r *querierv1.SelectHeatmapRequest) {
			r.GroupBy, r.Limit = []string{"pod"}, limit
		})).Series {
			require.Len(t, s.Labels, 1)
			require.Empty(t, s.Slots[0].Exemplars)
			pods += s.Labels[0].Value
		}
		return pods
	}
	require.Equal(t, "12", ask(nil))
	require.Equal(t, "1", ask(ptr(int64(1)))) // 2400 against 2190
	require.Equal(t, "12", ask(ptr(int64(9))))
}

func TestHeatmapsOfOneValueAndOfNone(t *testing.T) {
	w := newWorld(t, query.Settings{})
	require.Empty(t, must(t, w.client().SelectHeatmap, heatmapRequest(func(*querierv1.SelectHeatmapRequest) {})).Series)
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 70)), cpuProfile(base*1e6-1, service("a"), cpu("g", 70)))
	series := must(t, w.client().SelectHeatmap, heatmapRequest(func(*querierv1.SelectHeatmapRequest) {})).Series
	require.Equal(t, int32(2), series[0].Slots[0].Counts[0])
	require.Equal(t, 70.0, series[0].Slots[0].YMin[0])
	none := heatmapRequest(func(r *querierv1.SelectHeatmapRequest) {
		r.QueryType = querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_SPAN
	})
	require.Empty(t, must(t, w.client().SelectHeatmap, none).Series)
}

func TestAnalysisIsOfTheBlocksThatCount(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10), cpu("g", 10)), cpuProfile(base*1e6, service("b"), cpu("f", 10)))
	w.store(t, "anonymous", cpuProfile(base*1e6, service("b"), cpu("f", 10)))
	size := uint64(0)
	for _, b := range w.objects {
		size += uint64(len(b))
	}
	for q, want := range map[string][3]uint64{ // blocks, profiles, services
		"{}": {2, 3, 2}, cpuID: {2, 3, 2}, cpuID + `{service_name="a"}`: {1, 2, 1}, `{service_name="b",pod="unknown"}`: {2, 3, 1},
		"other:a:b:c:d{}": {0, 0, 0}, `{__profile_type__="` + cpuID + `"}`: {2, 3, 2}, `{service_name="c"}`: {0, 0, 0},
	} {
		res := must(t, w.client().AnalyzeQuery, &querierv1.AnalyzeQueryRequest{Query: q, Start: base, End: base})
		require.Len(t, res.QueryScopes, 1)
		s := res.QueryScopes[0]
		require.Equal(t, want, [3]uint64{s.BlockCount, s.ProfileCount, res.QueryImpact.TotalQueriedSeries}, q)
		require.Equal(t, size, res.QueryImpact.TotalBytesInTimeRange)
		require.Equal(t, want[0] > 0, s.SymbolBytes > 0 && s.ProfileBytes > 0 && s.IndexBytes > 0 && s.SampleCount > 0, q)
	}
}
