package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ranged are the methods that need a time, with requests that lack it.
func ranged() map[string]string {
	const q = `"profile_typeID":"CPU","labelSelector":"{}"`
	return map[string]string{
		"LabelNames": ``, "LabelValues": `"name":"pod"`, "Series": ``,
		"SelectMergeStacktraces": q, "SelectMergeSpanProfile": q, "SelectMergeProfile": q,
		"SelectSeries": q + `,"step":15`, "SelectHeatmap": q + `,"step":15,"queryType":1`, "AnalyzeQuery": `"query":"{}"`,
	}
}

// TestTimes has the rules of time ranges.
func TestTimes(t *testing.T) {
	var rules []rule
	for method, q := range ranged() {
		ask := func(start, end string) string {
			return "{" + strings.TrimPrefix(q+`,"start":`+start+`,"end":`+end, ",") + "}"
		}
		rules = append(rules,
			rule{says: method + " needs a time", method: method, ask: ask("0", "0"), want: "!invalid_argument missing time range in the query"},
			rule{says: method + " needs a start", method: method, ask: ask("0", "@1"), want: "!invalid_argument missing time range in the query"},
			rule{says: method + " needs an end", method: method, ask: ask("@1", "0"), want: "!invalid_argument missing time range in the query"},
			rule{says: method + " starts before it ends", method: method, ask: ask("@1", "@0"), want: "!invalid_argument after its end"},
			// Pyroscope refuses more than 24 hours.
			rule{says: method + " takes ranges of any length", method: method, ask: ask("@-59999999", "@60000000"), want: ""},
			rule{says: method + " takes 1970", method: method, ask: ask("1000", "4000"), want: ""},
		)
	}
	rules = append(rules,
		rule{says: "ProfileTypes with half a time", method: "ProfileTypes", ask: `{"end":@1}`, want: "!invalid_argument missing time range"},
		rule{says: "ProfileTypes starts before it ends", method: "ProfileTypes", ask: `{"start":@1,"end":@0}`, want: "!invalid_argument after its end"})
	// Both ends are inclusive to the millisecond; each profile of the service
	// edges is a bit.
	for _, x := range []struct {
		from, to, bits int64
	}{{0, 0, 0b000110}, {0, 1, 0b011110}, {1, 1, 0b011000}, {-1, -1, 0b000001}, {-1, 2, 0b111111}, {2, 2, 0b100000}, {-9, -2, 0}} {
		times := in(strconv.FormatInt(100_000+x.from, 10), strconv.FormatInt(100_000+x.to, 10), `"labelSelector":"{service_name=\"edges\"}"`)
		want := `"levels":[{"values":["0","0","0","0"]}]`
		if x.bits != 0 {
			want = fmt.Sprintf(`"total":"%d"`, 10*x.bits)
		}
		rules = append(rules, rule{says: fmt.Sprintf("both ends are inclusive: %d to %d", x.from, x.to), method: "SelectMergeStacktraces", ask: times, want: "~" + want})
	}
	check(t, rules)
}

// TestSelectors has the rules of label selectors and ids of profile types.
func TestSelectors(t *testing.T) {
	values := func(sel, want string) rule {
		return rule{says: sel, method: "LabelValues", want: want,
			ask: fmt.Sprintf(`{"name":"pod","matchers":[%q],"start":@0,"end":@60000}`, sel)}
	}
	profiles := func(typ, want string) rule {
		return rule{says: "type " + typ, method: "SelectMergeStacktraces", want: want,
			ask: fmt.Sprintf(`{"profile_typeID":%q,"labelSelector":"{}","start":@0,"end":@60000}`, typ)}
	}
	check(t, []rule{
		values(`{pod="a"}`, `{"names":["a"]}`),
		values(`{pod!="a"}`, `{"names":["b","c"]}`),
		values(`{pod=~"a|b"}`, `{"names":["a","b"]}`),
		values(`{pod!~"a|b"}`, `{"names":["c"]}`),
		values(`{service_name=~"check"}`, `{}`), // anchored
		values(`{service_name=~"check.*"}`, `{"names":["a","b"]}`),
		values(`{service_name="checkout",}`, `{"names":["a","b"]}`),
		values(`{"k8s.zone"="z1"}`, `{"names":["c"]}`),
		values(`process_cpu{pod="c"}`, `{"names":["c"]}`),
		values(`{__name__="memory"}`, `{"names":["a"]}`),
		values(`{__profile_type__="CPU",pod!=""}`, `{"names":["a","b","c"]}`),
		values(`{}`, `{"names":["a","b","c"]}`),
		values(``, `!invalid_argument parse`),
		values(`{pod=}`, `!invalid_argument parse`),
		values(`{pod=~"("}`, `!invalid_argument`),
		profiles("CPU", `~"total":"7999"`),
		profiles("CPU:delta", `~"total":"7999"`),
		profiles("MEM", `~"total":"4096"`),
		profiles("nothing:cpu:nanoseconds::", `~"levels"`),
		profiles("process_cpu", "!invalid_argument"),
		profiles("", "!invalid_argument"),
		profiles("a:b:c:d:e:f", "!invalid_argument"),
	})
}

// TestIDs has the rules of the selectors of spans, traces and profiles.
func TestIDs(t *testing.T) {
	pick := func(says, selectors, want string) rule {
		return rule{says: says, method: "SelectMergeStacktraces", ask: in("0", "60000", `"labelSelector":"{}"`, selectors), want: want}
	}
	const first, second = `00000000000000000000000000000001`, `00000000000000000000000000000002`
	check(t, []rule{
		pick("a span", `"spanSelector":["00000000000000ab"]`, `~"total":"40"`),
		pick("a span in upper case", `"spanSelector":["00000000000000AB"]`, `~"total":"40"`),
		pick("spans", `"span_selector":["00000000000000ab","00000000000000ac"]`, `~"total":"7040"`),
		pick("a trace", `"traceIdSelector":["`+second+`"]`, `~"total":"7000"`),
		pick("traces", `"trace_id_selector":["`+first+`","`+second+`"]`, `~"total":"7040"`),
		pick("a span that nothing has", `"spanSelector":["00000000000000ff"]`, `~"names":["total"]`),
		pick("span and trace", `"spanSelector":["00000000000000ab"],"traceIdSelector":["`+first+`"]`, "!invalid_argument exclude"),
		pick("a profile that is not there", `"profileIdSelector":["7c9e6679-7425-40de-944b-e07fc1f90ae7"]`, `~"names":["total"]`),
		// Pyroscope answers these with 500.
		pick("a malformed span", `"spanSelector":["ab"]`, "!invalid_argument span id"),
		pick("a span that Grafana could not fill in", `"spanSelector":["${__span.tags[\"pyroscope.profile.id\"]}"]`, "!invalid_argument span id"),
		pick("a malformed trace", `"traceIdSelector":["`+first+`00"]`, "!invalid_argument trace id"),
		pick("a malformed profile", `"profileIdSelector":["profile"]`, "!invalid_argument profile id"),
		{says: "a malformed span, older method", method: "SelectMergeSpanProfile", ask: in("0", "60000", `"labelSelector":"{}"`, `"spanSelector":["x"]`), want: "!invalid_argument span id"},
		{says: "a malformed trace, older method", method: "SelectMergeProfile", ask: in("0", "60000", `"labelSelector":"{}"`, `"traceIdSelector":["x"]`), want: "!invalid_argument trace id"},
	})
}

// TestMaxNodes has the rules of how large a flame graph is.
func TestMaxNodes(t *testing.T) {
	var rules []rule
	for _, method := range []string{"SelectMergeStacktraces", "SelectMergeSpanProfile", "SelectMergeProfile"} {
		ask := func(n string) string { return in("0", "60000", `"labelSelector":"{}"`, `"maxNodes":`+n) }
		rules = append(rules,
			rule{says: method + ", negative", method: method, ask: ask("-1"), want: "!invalid_argument negative"},
			rule{says: method + ", too many", method: method, ask: ask("1048577"), want: "!invalid_argument limit"},
			rule{says: method + ", the most", method: method, ask: ask(`"1048576"`), want: "~pay"},
			rule{says: method + ", 0 is not to say", method: method, ask: ask("0"), want: "~pay"},
			rule{says: method + ", what is removed is other", method: method, ask: ask("3"), want: `~"other"`})
	}
	check(t, append(rules,
		rule{says: "the form of a truncated flame graph", method: "SelectMergeStacktraces", ask: in("0", "60000", `"labelSelector":"{}"`, `"max_nodes":3`), want: "=flamegraph-truncated"}))
}

// TestDefaultMaxNodes: a flame graph has 8192 nodes if the request does not say,
// a pprof all.
func TestDefaultMaxNodes(t *testing.T) {
	w := newWorld(t)
	var wide []stack
	for i := range 9000 {
		wide = append(wide, stack{fmt.Sprintf("main;f%04d", i), int64(1000 + i), nil})
	}
	w.segment(t, "wide", pushed{labels: labels("wide"), stacks: wide})
	url := w.serve(t, multitenancy)
	for more, cut := range map[string]bool{``: true, `,"maxNodes":0`: true, `,"maxNodes":1048576`: false, `,"format":4`: false} {
		answer, err := callers()["SelectMergeStacktraces"](t.Context(), url, http.Header{"X-Scope-Orgid": {"wide"}},
			expand(`{"profile_typeID":"CPU","labelSelector":"{}","start":@0,"end":@1`+more+`}`))
		require.NoError(t, err)
		require.Equal(t, cut, strings.Contains(answer, `"other"`), more)
		require.Equal(t, !cut, strings.Contains(answer, `"f0000"`), more)
		require.Contains(t, answer, `"f8999"`, more)
	}
}

// TestLookback: what is older than the lookback is left out, not refused.
func TestLookback(t *testing.T) {
	url := newWorld(t).serve(t, multitenancy, "PYROCUMULUS_QUERY_LOOKBACK=9m30s") // from @30000 on
	ask := func(start, end string) string { return in(start, end, `"labelSelector":"{}"`) }
	for _, r := range []rule{
		{says: "partly older", method: "SelectMergeStacktraces", ask: ask("-999", "60000"), want: `~"total":"7059"`},
		{says: "wholly older", method: "SelectMergeStacktraces", ask: ask("0", "29999"), want: `~"names":["total"]`},
		{says: "labels", method: "LabelValues", ask: `{"name":"pod","start":@0,"end":@29999}`, want: `{}`},
	} {
		t.Run(r.says, func(t *testing.T) { r.check(t, url) })
	}
}
