package conformance

import (
	"strings"
	"testing"
)

// TestSelectSeries has the rules of values over time.
func TestSelectSeries(t *testing.T) {
	ask := func(says, start, end, want string, more ...string) rule {
		if !strings.Contains(strings.Join(more, ","), `"labelSelector"`) {
			more = append(more, `"labelSelector":"{}"`)
		}
		return rule{says: says, method: "SelectSeries", ask: in(start, end, more...), want: want}
	}
	const checkout = `"labelSelector":"{service_name=\"checkout\"}"`
	const average = `"aggregation":"TIME_SERIES_AGGREGATION_TYPE_AVERAGE"`
	const serve = `"stackTraceSelector":{"callSite":[{"name":"main"},{"name":"serve"}]}`
	check(t, []rule{
		ask("points stand at start + k·step and those without profiles are absent", "0", "60000",
			`{"series":[{"points":[{"value":900,"timestamp":"@0"},{"value":7040,"timestamp":"@30000"},{"value":59,"timestamp":"@45000"}]}]}`, `"step":15`),
		ask("points are aligned to the request, and the first covers what is before it", "10000", "60000",
			`{"series":[{"points":[{"value":900,"timestamp":"@10000"},{"value":40,"timestamp":"@25000"},{"value":7000,"timestamp":"@40000"},{"value":59,"timestamp":"@55000"}]}]}`, `"step":15`),
		ask("a point covers (t-step, t]: one before it", "15000", "15000", `{}`, `"step":15`),
		ask("a point covers (t-step, t]: its end is in it", "15000", "15000",
			`{"series":[{"points":[{"value":900,"timestamp":"@15000"}]}]}`, `"step":15.001`),
		ask("what lies after the last point is in none", "0", "29999",
			`{"series":[{"points":[{"value":900,"timestamp":"@0"}]}]}`, `"step":15`),
		ask("a step of fractions", "30000", "30002",
			`{"series":[{"points":[{"value":7000,"timestamp":"@30000"}]}]}`, `"step":0.001`),
		ask("a step below 1 ms", "0", "60000", "!invalid_argument step", `"step":0.0005`),
		ask("no step", "0", "60000", "!invalid_argument step"),
		ask("more points than anybody can look at", "0", "60000000000", "!invalid_argument step", `"step":0.001`),
		ask("groups, without labels that a series lacks", "0", "60000", "=select-series", `"step":15`, `"groupBy":["k8s.zone","service_name"]`),
		ask("a group by nothing that is there", "60000", "60000", `{"series":[{"points":[{"value":59,"timestamp":"@60000"}]}]}`, `"step":20`, `"group_by":["nothing"]`),
		ask("limit is the greatest totals, greatest first", "0", "60000", "=select-series-limit", `"step":60`, `"groupBy":["service_name","pod"]`, `"limit":2`),
		ask("SUM", "45000", "45000", `{"series":[{"points":[{"value":999,"timestamp":"@45000"}]}]}`, `"step":60`, checkout, `"aggregation":"TIME_SERIES_AGGREGATION_TYPE_SUM"`),
		// Pyroscope 2 takes the next two and does as without them.
		ask("AVERAGE is by profile", "45000", "45000", `{"series":[{"points":[{"value":333,"timestamp":"@45000"}]}]}`, `"step":60`, checkout, average),
		ask("a call site selects", "45000", "45000", `{"series":[{"points":[{"value":899,"timestamp":"@45000"}]}]}`, `"step":60`, checkout, serve),
		ask("a call site that nothing has", "45000", "45000", `{}`, `"step":60`, `"stack_trace_selector":{"call_site":[{"name":"x"}]}`),
		ask("exemplars of profiles, one a point, with all labels", "0", "60000", "=select-series-exemplars", `"step":15`, `"groupBy":["service_name"]`, `"exemplarType":"EXEMPLAR_TYPE_INDIVIDUAL"`),
		ask("no exemplars", "45000", "45000", `{"series":[{"points":[{"value":7999,"timestamp":"@45000"}]}]}`, `"step":60`, `"exemplarType":"EXEMPLAR_TYPE_NONE"`),
		ask("exemplars of spans", "0", "60000", "!unimplemented spans", `"step":15`, `"exemplarType":"EXEMPLAR_TYPE_SPAN"`),
		{says: "a wrong type", method: "SelectSeries", ask: `{"profileTypeID":"x","labelSelector":"{}","start":@0,"end":@1,"step":15}`, want: "!invalid_argument"},
	})
}

// TestSelectHeatmap has the rules of counts of values over time.
func TestSelectHeatmap(t *testing.T) {
	ask := func(says, want string, more ...string) rule {
		return rule{says: says, method: "SelectHeatmap", ask: in("0", "60000", append(more, `"labelSelector":"{}"`)...), want: want}
	}
	const profiles, spans = `"queryType":"HEATMAP_QUERY_TYPE_INDIVIDUAL"`, `"queryType":"HEATMAP_QUERY_TYPE_SPAN"`
	check(t, []rule{
		ask("profiles", "=heatmap", `"step":15`, profiles),
		ask("profiles by groups, with exemplars", "=heatmap-exemplars", `"step":15`, profiles, `"groupBy":["pod"]`, `"exemplarType":"EXEMPLAR_TYPE_INDIVIDUAL"`),
		ask("spans, with exemplars", "=heatmap-spans", `"step":60`, spans, `"exemplarType":"EXEMPLAR_TYPE_SPAN"`),
		ask("limit is the greatest totals", "=heatmap-limit", `"step":60`, profiles, `"groupBy":["service_name"]`, `"limit":1`),
		ask("a step below 1 ms", "!invalid_argument step", `"step":0`, profiles),
		// Pyroscope answers with 500.
		ask("no query type", "!invalid_argument query_type", `"step":15`),
		ask("exemplars that do not fit", "!invalid_argument exemplar_type", `"step":15`, spans, `"exemplarType":"EXEMPLAR_TYPE_INDIVIDUAL"`),
	})
}
