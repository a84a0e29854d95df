package conformance

import (
	"fmt"
	"strings"
	"testing"
)

// utf8 is the header of clients that take label names of any characters.
var utf8 = []string{"Accept", "*/*; allow-utf8-labelnames=true"}

// TestMethods has the methods of querier.v1 in the order of their list, each
// with what is said of it there.
func TestMethods(t *testing.T) {
	const all = `"start":@0,"end":@60000`
	check(t, []rule{
		{says: "ProfileTypes has ids and their parts, sorted", method: "ProfileTypes", ask: `{` + all + `}`, want: "=profile-types"},
		{says: "ProfileTypes takes 0 and 0 for the last hour", method: "ProfileTypes", ask: `{}`, want: "=profile-types"},
		{says: "ProfileTypes of another time has none", method: "ProfileTypes", ask: `{"start":1000,"end":4000}`, want: `{}`},
		{says: "LabelNames are sorted, private ones too", method: "LabelNames", ask: `{` + all + `}`, want: "=label-names"},
		{says: "LabelNames of selected series", method: "LabelNames", ask: `{"matchers":["{service_name=\"edges\"}"],"start":@0,"end":@200000}`, want: "=label-names-selected"},
		{says: "LabelNames of what any matcher selects", method: "LabelNames", ask: `{"matchers":["{pod=\"c\"}","{service_name=\"none\"}"],` + all + `}`, header: utf8, want: `~"k8s.zone"`},
		{says: "LabelValues are sorted", method: "LabelValues", ask: `{"name":"pod",` + all + `}`, want: `{"names":["a","b","c"]}`},
		{says: "LabelValues of selected series", method: "LabelValues", ask: `{"name":"pod","matchers":["{service_name=\"checkout\"}"],` + all + `}`, want: `{"names":["a","b"]}`},
		{says: "LabelValues of profile types", method: "LabelValues", ask: `{"name":"__profile_type__","matchers":["{service_name=\"cart\"}"],` + all + `}`, want: `{"names":["CPU","process_cpu:samples:count:cpu:nanoseconds"]}`},
		{says: "LabelValues needs a name", method: "LabelValues", ask: `{` + all + `}`, want: "!invalid_argument name"},
		{says: "LabelValues of a name that nothing has", method: "LabelValues", ask: `{"name":"nothing",` + all + `}`, want: `{}`},
		{says: "Series without names has all labels", method: "Series", ask: `{"matchers":["{__profile_type__=\"CPU\"}"],` + all + `}`, want: "=series"},
		{says: "Series by names", method: "Series", ask: `{"labelNames":["pod","service_name"],` + all + `}`, want: "=series-by-names"},
		{says: "Series of services and types, as Drilldown asks", method: "Series", ask: `{"label_names":["service_name","__profile_type__"],` + all + `}`, want: "=series-services"},
		{says: "Series that have none of the names are left out", method: "Series", ask: `{"labelNames":["nothing"],` + all + `}`, want: `{}`},
		{says: "GetProfileStats is true at once", method: "GetProfileStats", ask: `{}`, want: `{"dataIngested":true,"oldestProfileTime":"@0","newestProfileTime":"@100002"}`},
		{says: "GetProfileStats without data", method: "GetProfileStats", ask: `{}`, header: []string{"X-Scope-OrgID", "nobody"}, want: `{}`},
		{says: "GetProfileStats is of one tenant", method: "GetProfileStats", ask: `{}`, header: []string{"X-Scope-OrgID", "acme|beta"}, want: "!invalid_argument multiple"},
		{says: "AnalyzeQuery tells what a query reads", method: "AnalyzeQuery", ask: `{"query":"CPU{service_name=\"cart\"}",` + all + `}`, want: `~"queryImpact"`},
		{says: "AnalyzeQuery of nothing", method: "AnalyzeQuery", ask: `{"query":"{}","start":1000,"end":4000}`, want: ""},
	})
}

// TestFormats has what SelectMergeStacktraces and its older forms answer with.
func TestFormats(t *testing.T) {
	all := func(more ...string) string { return in("0", "60000", append(more, `"labelSelector":"{}"`)...) }
	merge := func(says, want string, more ...string) rule {
		return rule{says: says, method: "SelectMergeStacktraces", ask: all(more...), want: want}
	}
	const pick = `"stackTraceSelector":{"callSite":[{"name":"main"},{"name":"serve"}]}`
	check(t, []rule{
		merge("no format is a flame graph", "=flamegraph"),
		merge("FLAMEGRAPH", "=flamegraph", `"format":1`),
		merge("TREE", "=tree", `"format":"PROFILE_FORMAT_TREE"`),
		merge("DOT", "=dot", `"format":3`),
		merge("PPROF", "=pprof", `"format":"PROFILE_FORMAT_PPROF"`),
		merge("a format of later times is a flame graph", "=flamegraph", `"format":77`),
		merge("call_site selects what is called there", "=flamegraph-call-site", pick),
		merge("call_site that nothing has", "=flamegraph-none", `"stackTraceSelector":{"callSite":[{"name":"nothing"}]}`),
		merge("call_site in a pprof", "=pprof-call-site", `"format":4`, pick),
		merge("go_pgo keeps locations near the leaf", "=pprof-pgo", `"format":4`, `"stackTraceSelector":{"goPgo":{"keepLocations":1,"aggregateCallees":true}}`),
		merge("go_pgo is for pprofs", "!invalid_argument go_pgo", `"stackTraceSelector":{"goPgo":{}}`),
		{says: "SelectMergeSpanProfile", method: "SelectMergeSpanProfile", ask: all(`"spanSelector":["00000000000000ab"]`), want: "=flamegraph-span"},
		{says: "SelectMergeSpanProfile, TREE", method: "SelectMergeSpanProfile", ask: all(`"spanSelector":["00000000000000ab"]`, `"format":2`), want: "=tree-span"},
		{says: "SelectMergeSpanProfile without spans is of all", method: "SelectMergeSpanProfile", ask: all(), want: "=flamegraph"},
		{says: "SelectMergeProfile", method: "SelectMergeProfile", ask: all(), want: "=merge-profile"},
		{says: "Diff", method: "Diff", ask: `{"left":` + in("0", "60000", `"labelSelector":"{service_name=\"checkout\"}"`) +
			`,"right":` + in("0", "60000", `"labelSelector":"{service_name=\"cart\"}"`) + `}`, want: "=diff"},
		{says: "Diff needs both sides", method: "Diff", ask: `{"left":` + all() + `}`, want: "!invalid_argument missing time range"},
		merge("async begins, and is polled by its id", "~requestId", `"async":{"type":"ASYNC_QUERY_TYPE_FORCE"}`),
		merge("async that is disabled too", "~flamegraph", `"async":{"type":"ASYNC_QUERY_TYPE_DISABLED"}`),
	})
}

// TestEmptyAnswers has what is said of answers without data (2.2).
func TestEmptyAnswers(t *testing.T) {
	none := in("0", "60000", `"labelSelector":"{service_name=\"nobody\"}"`)
	with := func(more string) string { return strings.TrimSuffix(none, "}") + "," + more + "}" }
	const flame = `{"flamegraph":{"names":["total"],"levels":[{"values":["0","0","0","0"]}]}}`
	var rules []rule
	for i, r := range []rule{
		{method: "SelectMergeStacktraces", ask: none, want: flame},
		{method: "SelectMergeStacktraces", ask: with(`"format":2`), want: `{}`},
		{method: "SelectMergeStacktraces", ask: with(`"format":4`), want: `{"pprof":{"profile":{}}}`},
		{method: "SelectMergeSpanProfile", ask: none, want: flame},
		{method: "SelectMergeProfile", ask: none, want: `{}`},
		{method: "SelectSeries", ask: with(`"step":15`), want: `{}`},
		{method: "SelectHeatmap", ask: with(`"step":15,"queryType":1`), want: `{}`},
		{method: "Diff", ask: `{"left":` + none + `,"right":` + none + `}`,
			want: `{"flamegraph":{"names":["total"],"levels":[{"values":["0","0","0","0","0","0","0"]}]}}`},
		{method: "Series", ask: `{"start":1000,"end":4000}`, want: `{}`},
		{method: "LabelNames", ask: `{"start":1000,"end":4000}`, want: `{}`},
	} {
		r.says = fmt.Sprintf("%s has an empty answer %d", r.method, i)
		rules = append(rules, r)
	}
	check(t, rules)
}
