package query_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

// powers stores profiles at offsets from base in nanoseconds, whose values are
// powers of two, so that a sum tells which of them are in it. Each is in a
// block of its own if apart, else all are in one.
func powers(t *testing.T, apart bool, offsets ...int64) *world {
	w := newWorld(t, query.Settings{})
	var all []blocktest.Pushed
	for i, at := range offsets {
		all = append(all, cpuProfile(base*1e6+at, service("a"), cpu(fmt.Sprintf("f%d", i), 10<<i)))
	}
	if !apart {
		w.store(t, "anonymous", all...)
		return w
	}
	for _, p := range all {
		w.store(t, "anonymous", p)
	}
	return w
}

func TestTimeIsInclusiveToTheMillisecond(t *testing.T) {
	const ms = 1_000_000
	for _, apart := range []bool{false, true} {
		w := powers(t, apart, -1, 0, ms-1, ms, 2*ms-1, 2*ms)
		for _, x := range []struct {
			from, to int64 // offsets from base, milliseconds
			want     int64 // bits
		}{
			{0, 0, 0b000110},
			{0, 1, 0b011110},
			{1, 1, 0b011000},
			{-1, -1, 0b000001},
			{-1, 2, 0b111111},
			{2, 2, 0b100000},
			{3, 9, 0},
			{-9, -2, 0},
		} {
			in := func(r *querierv1.SelectMergeStacktracesRequest) { r.Start, r.End = base+x.from, base+x.to }
			c := w.client()
			require.Equal(t, 10*x.want, must(t, c.SelectMergeStacktraces, stacks(in)).Flamegraph.Total, "%+v", x)
			diff := must(t, c.Diff, &querierv1.DiffRequest{Left: stacks(in), Right: stacks()}).Flamegraph
			require.Equal(t, 10*x.want, diff.LeftTicks, "%+v", x)
			sum := int64(0)
			for _, s := range must(t, older(c).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
				ProfileTypeID: cpuID, LabelSelector: "{}", Start: base + x.from, End: base + x.to,
			}).Sample {
				sum += s.Value[0]
			}
			require.Equal(t, 10*x.want, sum, "%+v", x)
			types := must(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base + x.from, End: base + x.to}).ProfileTypes
			require.Equal(t, x.want != 0, len(types) > 0, "%+v", x)
		}
	}
}

func TestPointsAreAlignedToTheRequest(t *testing.T) {
	const ms = 1_000_000
	type points map[int64]float64 // by offset from base, milliseconds
	w := powers(t, false, -10*ms, -10*ms+ms, 0, ms-1, ms, 10*ms, 11*ms, 25*ms)
	for _, x := range []struct {
		start, end int64
		step       float64
		want       points
	}{
		// The first point covers (-10, 0], the second (0, 10].
		{0, 10, 0.010, points{0: 0b1110, 10: 0b110000}},
		{0, 9, 0.010, points{0: 0b1110}}, // the point at 10 lies behind the end
		{0, 29, 0.010, points{0: 0b1110, 10: 0b110000, 20: 0b1000000}},
		{0, 30, 0.010, points{0: 0b1110, 10: 0b110000, 20: 0b1000000, 30: 0b10000000}},
		{3, 30, 0.010, points{3: 0b11100, 13: 0b1100000}}, // what lies between the last point, at 23, and the end is in none
		{0, 0, 0.001, points{0: 0b1100}},
		{0, 30, 1000, points{0: 0b1111}},                                                            // a step longer than the range
		{0, 30, 0.0019, points{0: 0b1100, 1: 0b10000, 10: 0b100000, 11: 0b1000000, 25: 0b10000000}}, // 1 ms
		{1, 30, 0.029, points{1: 0b11111, 30: 0b11100000}},
	} {
		r := &querierv1.SelectSeriesRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base + x.start, End: base + x.end, Step: x.step}
		got := points{}
		for _, s := range must(t, w.client().SelectSeries, r).Series {
			require.Empty(t, s.Labels)
			last := int64(math.MinInt64)
			for _, p := range s.Points {
				require.Greater(t, p.Timestamp, last)
				last = p.Timestamp
				got[p.Timestamp-base] = p.Value / 10
			}
		}
		require.Equal(t, x.want, got, "%+v", x)
	}
}

func TestSeriesAtTheEndsOfTime(t *testing.T) {
	w := powers(t, false, 0)
	for _, x := range []struct {
		start, end int64
		step       float64
		found      bool
	}{
		{1, math.MaxInt64, 1e9, true},
		{math.MinInt64, math.MaxInt64, 1e9, true},
		{1, math.MaxInt64, math.Inf(1), false}, // one point, at 1
		{base, math.MaxInt64, math.MaxFloat64, true},
		{math.MaxInt64, math.MaxInt64, 1e18, false},
		{math.MinInt64, math.MinInt64, math.Inf(1), false},
	} {
		r := &querierv1.SelectSeriesRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: x.start, End: x.end, Step: x.step}
		require.Equal(t, x.found, len(must(t, w.client().SelectSeries, r).Series) == 1, "%+v", x)
	}
}

func TestLimitReturnsTheGreatest(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for i, v := range []int64{30, 50, 10, 50, 20} {
		// Two points each, in different blocks.
		for k := range int64(2) {
			w.store(t, "anonymous", cpuProfile((base+k*15_000)*1e6, service(string(rune('a'+i))), cpu("f", v)))
		}
	}
	for _, x := range []struct {
		limit *int64
		want  string
	}{
		{nil, "abcde"}, {ptr(int64(0)), "abcde"}, {ptr(int64(-3)), "abcde"},
		{ptr(int64(1)), "b"}, {ptr(int64(2)), "bd"}, {ptr(int64(3)), "bda"}, {ptr(int64(5)), "bdaec"}, {ptr(int64(99)), "bdaec"},
		{ptr(int64(math.MaxInt64)), "bdaec"},
	} {
		res := must(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) {
			r.Limit, r.GroupBy = x.limit, []string{"service_name"}
		}))
		got := ""
		for _, s := range res.Series {
			require.Len(t, s.Labels, 1)
			require.Len(t, s.Points, 2)
			got += s.Labels[0].Value
		}
		require.Equal(t, x.want, got)
	}
}

func TestEqualSeriesStayInTheirOrder(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for c := 'a'; c <= 'z'; c++ {
		w.store(t, "anonymous", cpuProfile(base*1e6, service(string(c)), cpu("f", 10*int64(1+(c-'a')%3))))
	}
	got := ""
	for _, s := range must(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) {
		r.Limit, r.GroupBy = ptr(int64(100)), []string{"service_name"}
	})).Series {
		got += s.Labels[0].Value
	}
	require.Equal(t, "cfilorux"+"behknqtwz"+"adgjmpsvy", got)
}

// 1.001 · 1000 is a little less than 1001 in floating point.
func TestStepsAreNotRoundedDown(t *testing.T) {
	w := powers(t, false, 2002*1_000_000)
	res := must(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) { r.Step = 1.001 }))
	require.Equal(t, base+2002, res.Series[0].Points[0].Timestamp)
}

func TestAverageIsByProfile(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for i, v := range []int64{10, 20, 60} {
		w.store(t, "anonymous", cpuProfile(base*1e6+int64(i), service("a"), cpu("f", v/2), cpu("g", v/2)))
	}
	res := must(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) {
		r.Aggregation = typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE.Enum()
	}))
	require.Len(t, res.Series, 1)
	require.Equal(t, 30.0, res.Series[0].Points[0].Value)
}

func TestProfileTypesOfTheLastHour(t *testing.T) {
	// The clock stands at base + 10 min.
	const minute = int64(60_000)
	for at, found := range map[int64]bool{
		base - 51*minute: false, base - 50*minute: true, base: true, base + 10*minute: true, base + 10*minute + 1: false,
	} {
		w := newWorld(t, query.Settings{})
		w.store(t, "anonymous", cpuProfile(at*1e6, service("a"), cpu("f", 10)))
		types := must(t, w.client().ProfileTypes, &querierv1.ProfileTypesRequest{}).ProfileTypes
		require.Equal(t, found, len(types) == 2, "%d", at-base)
	}
}

func TestMaxNodes(t *testing.T) {
	w := newWorld(t, query.Settings{MaxNodesDefault: 5})
	var samples []sample
	for i := range 40 {
		samples = append(samples, cpu(fmt.Sprintf("main;f%02d", i), int64(1000+10*i)))
	}
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), samples...))
	bars := func(n *int64) (count int) {
		in := func(r *querierv1.SelectMergeStacktracesRequest) { r.MaxNodes = n }
		for _, l := range must(t, w.client().SelectMergeStacktraces, stacks(in)).Flamegraph.Levels {
			count += len(l.Values) / 4
		}
		return count
	}
	const more = 2 // the root and "other"
	require.Equal(t, 5+more, bars(nil))
	require.Equal(t, 5+more, bars(ptr(int64(0))))
	require.Equal(t, 20+more, bars(ptr(int64(20))))
	require.Equal(t, 41+1, bars(ptr(int64(1000))))
	in := func(n int64) func(*querierv1.SelectMergeStacktracesRequest) {
		return func(r *querierv1.SelectMergeStacktracesRequest) { r.MaxNodes = &n }
	}
	for _, x := range [][3]int64{{0, 0, 5}, {7, 0, 7}, {0, 7, 7}, {9, 7, 9}} {
		count := 0
		for _, l := range must(t, w.client().Diff, &querierv1.DiffRequest{Left: stacks(in(x[0])), Right: stacks(in(x[1]))}).Flamegraph.Levels {
			count += len(l.Values) / 7
		}
		require.Equal(t, int(x[2])+more, count, "%v", x)
	}
}
