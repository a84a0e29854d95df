package query_test

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

func labelled(t *testing.T) *world {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("a", "pod", "1", "otel.scope.name", "x"), cpu("f", 10)),
		cpuProfile(base*1e6, service("a", "pod", "2", "otel.scope.name", "y"), cpu("f", 10)),
	)
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("b", "pod", "3", "9lives", "z"), cpu("f", 10)),
		handMade(base*1e6, service("b", profile.LabelName, "goroutine"), profile.ValueType{},
			[]profile.ValueType{{Type: "goroutines", Unit: "count"}}, sample{"f", []int64{3}, nil}),
	)
	return w
}

const utf8Names = "*/*; allow-utf8-labelnames=true"

func TestNamesThatOldClientsDoNotTakeAreHidden(t *testing.T) {
	w := labelled(t)
	names := func(header ...string) string {
		res := must(t, w.client().LabelNames, &typesv1.LabelNamesRequest{Start: base, End: base}, header...)
		return strings.Join(res.Names, " ")
	}
	const legacy = "__name__ __period_type__ __period_unit__ __profile_type__ __service_name__ __type__ __unit__ pod service_name"
	const all = "9lives __name__ __period_type__ __period_unit__ __profile_type__ __service_name__ __type__ __unit__ otel.scope.name pod service_name"
	for accept, want := range map[string]string{
		utf8Names:                                            all,
		"*/*;allow-utf8-labelnames=true":                     all,
		`*/*; Allow-UTF8-LabelNames="true"`:                  all,
		"a/b, */*;allow-utf8-labelnames=true":                all,
		`a/b;x="1,2", */*; allow-utf8-labelnames=true;q=0.1`: all,
		"*/*; allow-utf8-labelnames=false":                   legacy,
		"*/*;allow-utf8-labelnames=1":                        legacy,
		"*/*":                                                legacy,
		"text/html, image/gif, *; q=.2, */*; q=.2":           legacy, // Java's
		", ": legacy,
	} {
		require.Equal(t, want, names("Accept", accept), accept)
	}
	require.Equal(t, legacy, names())

	series := func(names []string, header ...string) string {
		res := must(t, w.client().Series, &querierv1.SeriesRequest{Start: base, End: base, LabelNames: names}, header...)
		var all []string
		for _, ls := range res.LabelsSet {
			all = append(all, labelKey(ls.Labels))
		}
		return strings.Join(all, " ")
	}
	require.Equal(t, "", series([]string{"otel.scope.name"}))
	require.Equal(t, "service_name=a service_name=b", series([]string{"otel.scope.name", "service_name"}))
	require.Equal(t, "otel.scope.name=x,service_name=a otel.scope.name=y,service_name=a service_name=b",
		series([]string{"service_name", "otel.scope.name", "service_name"}, "Accept", utf8Names))
	require.NotContains(t, series(nil), "otel")
	require.Contains(t, series(nil, "Accept", utf8Names), "9lives=z,__name__=process_cpu")
	// Who names such a label has no need to say that he takes it.
	values := must(t, w.client().LabelValues, &typesv1.LabelValuesRequest{Name: "otel.scope.name", Start: base, End: base})
	require.Equal(t, []string{"x", "y"}, values.Names)
	grouped := must(t, w.client().SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) {
		r.GroupBy, r.LabelSelector = []string{"otel.scope.name"}, `{"otel.scope.name"="x"}`
	}))
	require.Equal(t, "otel.scope.name=x", labelKey(grouped.Series[0].Labels))
}

func TestAcceptThatCannotBeReadIsRefused(t *testing.T) {
	w := labelled(t)
	for _, accept := range []string{"*/*;allow-utf8-labelnames", "a b", ";", "*/*; a=1; a=2"} {
		for name, err := range ranged(t, w.client(), base, base, "Accept", accept) {
			requireCode(t, connect.CodeInvalidArgument, "Accept", err, name)
		}
	}
}

func TestMatchersAreUnited(t *testing.T) {
	w := labelled(t)
	c := w.client()
	for _, x := range []struct {
		matchers []string
		pods     []string
		types    []string
		services string
	}{
		{nil, []string{"1", "2", "3"}, []string{"cpu", "goroutines", "samples"}, "a b"},
		{[]string{`{}`}, []string{"1", "2", "3"}, []string{"cpu", "goroutines", "samples"}, "a b"},
		{[]string{`{pod="1"}`}, []string{"1"}, []string{"cpu", "samples"}, "a"},
		{[]string{`{pod="1"}`, `{pod="3",__type__="cpu"}`}, []string{"1", "3"}, []string{"cpu", "samples"}, "a b"},
		{[]string{`{service_name="b"}`}, []string{"3"}, []string{"cpu", "goroutines", "samples"}, "b"},
		{[]string{`goroutine`, `{service_name="a",__type__="cpu"}`}, []string{"1", "2"}, []string{"cpu", "goroutines"}, "a b"},
		{[]string{`{pod="1"}`, `{pod="1"}`}, []string{"1"}, []string{"cpu", "samples"}, "a"},
		{[]string{`{pod="9"}`, `{service_name="c"}`}, nil, nil, ""},
		{[]string{`{"otel.scope.name"="y"}`}, []string{"2"}, []string{"cpu", "samples"}, "a"},
	} {
		require.Equal(t, x.pods, must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "pod", Matchers: x.matchers, Start: base, End: base}).Names, "%v", x)
		require.Equal(t, x.types, must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "__type__", Matchers: x.matchers, Start: base, End: base}).Names, "%v", x)
		var services []string
		for _, ls := range must(t, c.Series, &querierv1.SeriesRequest{
			LabelNames: []string{"service_name"}, Matchers: x.matchers, Start: base, End: base,
		}).LabelsSet {
			services = append(services, ls.Labels[0].Value)
		}
		require.Equal(t, x.services, strings.Join(services, " "), "%v", x)
	}
}

func TestLabelsWithoutValueAreNone(t *testing.T) {
	w := labelled(t)
	in := []string{`{__name__="goroutine"}`}
	names := must(t, w.client().LabelNames, &typesv1.LabelNamesRequest{Matchers: in, Start: base, End: base}).Names
	require.Equal(t, "__name__ __profile_type__ __service_name__ __type__ __unit__ service_name", strings.Join(names, " "))
	for _, name := range []string{"__period_type__", "pod"} {
		require.Empty(t, must(t, w.client().LabelValues, &typesv1.LabelValuesRequest{Name: name, Matchers: in, Start: base, End: base}).Names)
	}
	types := must(t, w.client().ProfileTypes, &querierv1.ProfileTypesRequest{Start: base, End: base}).ProfileTypes
	require.Equal(t, "goroutine:goroutines:count::", types[0].ID)
	total := must(t, w.client().SelectMergeStacktraces, stacks(func(r *querierv1.SelectMergeStacktracesRequest) {
		r.ProfileTypeID = "goroutine:goroutines:count::"
	})).Flamegraph.Total
	require.Equal(t, int64(3), total)
}

// Series of as many labels that differ in their names, or in whether they have a
// value.
func TestNamesOfAllSeriesAreThere(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("a", "pod", "1"), cpu("f", 10)),
		cpuProfile(base*1e6, service("a", "pod", "2"), cpu("f", 10)),
		cpuProfile(base*1e6, service("a", "zone", "1"), cpu("f", 10)),
		cpuProfile(base*1e6, service("a", "node", ""), cpu("f", 10)),
		cpuProfile(base*1e6, service("a", "node", "1"), cpu("f", 10)),
	)
	names := must(t, w.client().LabelNames, &typesv1.LabelNamesRequest{Start: base, End: base}).Names
	for _, name := range []string{"pod", "zone", "node", "service_name", "__type__"} {
		require.Contains(t, names, name)
	}
}

// What the index says suffices for the first screens of Grafana and Drilldown.
func TestServicesAndTypesNeedNoObjects(t *testing.T) {
	w := labelled(t)
	clear(w.objects)
	c := w.client()
	require.Len(t, must(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base, End: base}).ProfileTypes, 3)
	res := must(t, c.Series, &querierv1.SeriesRequest{LabelNames: []string{"service_name", "__profile_type__"}, Start: base, End: base})
	var all []string
	for _, ls := range res.LabelsSet {
		all = append(all, labelKey(ls.Labels))
	}
	require.Equal(t, []string{
		"__profile_type__=goroutine:goroutines:count::,service_name=b",
		"__profile_type__=" + cpuID + ",service_name=a",
		"__profile_type__=" + cpuID + ",service_name=b",
		"__profile_type__=process_cpu:samples:count:cpu:nanoseconds,service_name=a",
		"__profile_type__=process_cpu:samples:count:cpu:nanoseconds,service_name=b",
	}, all)
	values := func(name string, matchers ...string) []string {
		return must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: name, Matchers: matchers, Start: base, End: base}).Names
	}
	require.Equal(t, []string{"a", "b"}, values("service_name"))
	require.Equal(t, []string{"b"}, values("__service_name__", `{__profile_type__="goroutine:goroutines:count::"}`))
	require.Equal(t, []string{"goroutine", "process_cpu"}, values("__name__", `{service_name="b"}`))
	require.True(t, must(t, c.GetProfileStats, &typesv1.GetProfileStatsRequest{}).DataIngested)
	_, err := ask(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "pod", Start: base, End: base})
	require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
	status, _ := w.post(t, "/querier.v1.QuerierService/LabelNames", `{"start":1000,"end":4000}`)
	require.Equal(t, http.StatusOK, status)
}
