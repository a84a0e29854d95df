package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

func callSite(names ...string) *typesv1.StackTraceSelector {
	s := &typesv1.StackTraceSelector{}
	for _, n := range names {
		s.CallSite = append(s.CallSite, &typesv1.Location{Name: n})
	}
	return s
}

// sites is profiles whose stack traces branch, recur and are inlined.
func sites(t *testing.T) *world {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("a", "pod", "1"), cpu("main;f", 10), cpu("main;f;g", 20), cpu("main;f<g;h", 40), cpu("f;main;f", 80)),
		cpuProfile(base*1e6, service("a", "pod", "2"), cpu("main;g;f", 160), cpu("main", 320)),
	)
	w.store(t, "anonymous", cpuProfile(base*1e6+1, service("a", "pod", "1"), cpu("main;ff", 640)))
	return w
}

func TestCallSitesSelectStackTraces(t *testing.T) {
	w := sites(t)
	for _, x := range []struct {
		site []string
		want map[string]int64
	}{
		{[]string{"main", "f"}, map[string]int64{"main;f": 10, "main;f;g": 20, "main;f;g;h": 40}},
		{[]string{"main", "f", "g"}, map[string]int64{"main;f;g": 20, "main;f;g;h": 40}},
		{[]string{"main", "f", "g", "h"}, map[string]int64{"main;f;g;h": 40}},
		{[]string{"main", "f", "g", "h", "i"}, map[string]int64{}},
		{[]string{"f"}, map[string]int64{"f;main;f": 80}},
		{[]string{"g"}, map[string]int64{}},
		{[]string{""}, map[string]int64{}},
	} {
		total := int64(0)
		for _, v := range x.want {
			total += v
		}
		name := strings.Join(x.site, ";")
		in := func(f querierv1.ProfileFormat) *querierv1.SelectMergeStacktracesRequest {
			return stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
				r.StackTraceSelector, r.Format = callSite(x.site...), f
			})
		}
		c := w.client()
		require.Equal(t, x.want, treeStacks(t, must(t, c.SelectMergeStacktraces, in(2)).Tree), name)
		require.Equal(t, total, must(t, c.SelectMergeStacktraces, in(1)).Flamegraph.Total, name)
		require.Equal(t, x.want, pprofStacks(t, must(t, c.SelectMergeStacktraces, in(4)).Pprof.Profile), name)
		require.Equal(t, x.want, pprofStacks(t, must(t, older(c).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
			ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, StackTraceSelector: callSite(x.site...),
		})), name)
		require.Equal(t, total, must(t, c.Diff, &querierv1.DiffRequest{Left: in(0), Right: stacks()}).Flamegraph.LeftTicks, name)
	}
}

func TestSeriesOfCallSites(t *testing.T) {
	w := sites(t)
	in := func(by ...string) *querierv1.SelectSeriesRequest {
		return seriesRequest(func(r *querierv1.SelectSeriesRequest) { r.StackTraceSelector, r.GroupBy = callSite("main", "f"), by })
	}
	// Pod 2 never was there.
	require.Equal(t, group{"pod=1": {base: 70}}, groups(must(t, w.client().SelectSeries, in("pod")).Series))
	r := in()
	require.Equal(t, group{"": {base: 70}}, groups(must(t, w.client().SelectSeries, r).Series))
	r.Aggregation = typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE.Enum()
	require.Equal(t, group{"": {base: 70. / 3}}, groups(must(t, w.client().SelectSeries, r).Series))
	r.StackTraceSelector = callSite("nowhere")
	require.Empty(t, must(t, w.client().SelectSeries, r).Series)
	// As the API says, go_pgo makes the call site count for nothing.
	r = in()
	r.StackTraceSelector.GoPgo = &typesv1.GoPGO{KeepLocations: 1}
	require.Equal(t, group{"": {base: 1270}}, groups(must(t, w.client().SelectSeries, r).Series))
}

func TestGoPGO(t *testing.T) {
	w := sites(t)
	in := func(keep uint32, aggregate bool) *googlev1.Profile {
		return must(t, w.client().SelectMergeStacktraces, stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
			r.Format = querierv1.ProfileFormat_PROFILE_FORMAT_PPROF
			r.StackTraceSelector = callSite("nowhere")
			r.StackTraceSelector.GoPgo = &typesv1.GoPGO{KeepLocations: keep, AggregateCallees: aggregate}
		})).Pprof.Profile
	}
	all := map[string]int64{"main;f": 10, "main;f;g": 20, "main;f;g;h": 40, "f;main;f": 80, "main;g;f": 160, "main": 320, "main;ff": 640}
	require.Equal(t, all, pprofStacks(t, in(0, false)))
	require.Equal(t, map[string]int64{"main;f": 90, "f;g": 20, "f;g;h": 40, "g;f": 160, "main": 320, "main;ff": 640}, pprofStacks(t, in(2, false)))
	require.Equal(t, map[string]int64{"f": 250, "g": 20, "h": 40, "main": 320, "ff": 640}, pprofStacks(t, in(1, false)))
	for _, aggregate := range []bool{false, true} {
		p := in(2, aggregate)
		for _, s := range p.Sample {
			leaf, caller := p.Location[s.LocationId[0]-1], s.LocationId[1:]
			require.Equal(t, aggregate, leaf.Line[0].Line == 0)
			for _, id := range caller {
				require.NotZero(t, p.Location[id-1].Line[0].Line)
			}
		}
	}
}

func TestCalleesAreAggregated(t *testing.T) {
	w := newWorld(t, query.Settings{})
	p := cpuProfile(base*1e6, service("a"), cpu("main;f", 10), cpu("main;g", 20))
	// The second leaf is another line of the function of the first.
	f, g := p.Profile.Locations[p.Profile.Stack(0)[0]].FirstLine, p.Profile.Locations[p.Profile.Stack(1)[0]].FirstLine
	p.Profile.Lines[g] = p.Profile.Lines[f]
	p.Profile.Lines[g].Line += 5
	w.store(t, "anonymous", p)
	for aggregate, samples := range map[bool]int{false: 2, true: 1} {
		got := must(t, older(w.client()).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
			ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base,
			StackTraceSelector: &typesv1.StackTraceSelector{GoPgo: &typesv1.GoPGO{KeepLocations: 5, AggregateCallees: aggregate}},
		})
		require.Len(t, got.Sample, samples)
		require.Equal(t, map[string]int64{"main;f": 30}, pprofStacks(t, got))
	}
}

func TestTracesAndProfilesAreSelected(t *testing.T) {
	w := newWorld(t, query.Settings{})
	trace := func(n int) string { return fmt.Sprintf("%016x%016x", n, 7) }
	first := cpuProfile(base*1e6, service("a", "pod", "1"),
		cpu("f", 10, "trace_id", trace(1), "span_id", "00000000000000aa"), cpu("g", 20, "trace_id", trace(2)), cpu("h", 40))
	second := cpuProfile(base*1e6, service("a", "pod", "2"), cpu("f", 80, "trace_id", trace(1)))
	w.store(t, "anonymous", first)
	w.store(t, "anonymous", second)
	for _, x := range []struct {
		traces, profiles []string
		want             int64
	}{
		{nil, nil, 150},
		{[]string{trace(1)}, nil, 90},
		{[]string{strings.ToUpper(trace(2))}, nil, 20},
		{[]string{trace(1), trace(2), trace(3)}, nil, 110},
		{[]string{trace(3)}, nil, 0},
		{nil, []string{first.ID.String()}, 70},
		{nil, []string{strings.ReplaceAll(second.ID.String(), "-", "")}, 80},
		{nil, []string{first.ID.String(), second.ID.String()}, 150},
		{nil, []string{"7c9e6679-7425-40de-944b-e07fc1f90ae7"}, 0},
		{[]string{trace(1)}, []string{first.ID.String()}, 10},
	} {
		in := stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
			r.TraceIdSelector, r.ProfileIdSelector = x.traces, x.profiles
		})
		require.Equal(t, x.want, must(t, w.client().SelectMergeStacktraces, in).Flamegraph.Total, "%+v", x)
		got := int64(0)
		for _, s := range must(t, older(w.client()).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
			ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, TraceIdSelector: x.traces, ProfileIdSelector: x.profiles,
		}).Sample {
			got += s.Value[0]
		}
		require.Equal(t, x.want, got, "%+v", x)
	}
}

// An exemplar leads to its profile.
func TestExemplarsLeadToTheirProfiles(t *testing.T) {
	w, _ := randomWorld(t, 9)
	r := seriesRequest(func(r *querierv1.SelectSeriesRequest) {
		r.GroupBy, r.ExemplarType = []string{"pod"}, typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL
		r.Step = 600
	})
	series := must(t, w.client().SelectSeries, r).Series
	require.NotEmpty(t, series)
	for _, s := range series {
		for _, p := range s.Points {
			require.Len(t, p.Exemplars, 1)
			x := p.Exemplars[0]
			require.Greater(t, x.Timestamp, p.Timestamp-600_000)
			require.LessOrEqual(t, x.Timestamp, p.Timestamp)
			require.LessOrEqual(t, float64(x.Value), p.Value)
			var selector []string
			for _, l := range x.Labels {
				selector = append(selector, fmt.Sprintf("%s=%q", l.Name, l.Value))
			}
			require.Contains(t, strings.Join(selector, ","), `__profile_type__="`+cpuID+`"`)
			require.Contains(t, selector, fmt.Sprintf("pod=%q", s.Labels[0].Value))
			found := must(t, w.client().SelectMergeStacktraces, stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
				r.ProfileIdSelector, r.Start, r.End = []string{x.ProfileId}, x.Timestamp, x.Timestamp
				r.LabelSelector = "{" + strings.Join(selector, ",") + "}"
			}))
			require.Equal(t, x.Value, found.Flamegraph.Total)
		}
	}
	r.ExemplarType = typesv1.ExemplarType_EXEMPLAR_TYPE_NONE
	plain := must(t, w.client().SelectSeries, r).Series
	require.Equal(t, groups(plain), groups(series))
	for _, s := range plain {
		require.Empty(t, s.Points[0].Exemplars)
	}
}
