// Package grafana makes the dashboards of this folder, which show profiles:
// dashboards/profiles.json, which docker-compose.yml shows at once, and
// examples/metrics.json, which leads from metrics to profiles.
package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/grafanapyroscope"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
)

// Profile types that the dashboards name; Go's SDK and Alloy push them.
const (
	cpu       = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
	memory    = "memory:inuse_space:bytes:space:bytes"
	allocated = "memory:alloc_space:bytes:space:bytes"
	// The SDK and Alloy disagree on the name; a service has one of them.
	goroutinesOfSDK   = "goroutines:goroutine:count:goroutine:count"
	goroutinesOfAlloy = "goroutine:goroutine:count:goroutine:count"
)

// selector is of the service that is chosen at the top.
const selector = `{service_name="$service"}`

// Profiles is the dashboard for developers: what a service spends its time and
// memory on.
func Profiles() *schema.ClassicBuilder {
	return schema.NewClassic("Profiles").Uid("pyrocumulus-profiles").
		Description("What a service spends CPU time and memory on. Drilldown → Profiles compares and explores.").
		Tags([]string{"pyrocumulus"}).Time("now-30m", "now").Refresh("30s").Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder("source").Label("Data source").Type(schema.Pyroscope)).
		WithVariable(found("profile_type", map[string]any{"type": "profileType"}).Label("Profile type").Current(option(cpu))).
		WithVariable(found("service", map[string]any{"type": "labelValue", "profileTypeId": "$profile_type", "labelName": "service_name"}).Label("Service")).
		WithRow(dashboard.NewRowBuilder("$service").Id(1)).
		WithPanel(timeline(2, "CPU by pod", cpu, selector, "pod").Description("Cores in use; one line if nothing says the pod.")).
		WithPanel(timeline(3, "Memory in use by pod", memory, selector, "pod")).
		WithPanel(timeline(4, "Goroutines by pod", goroutinesOfSDK, selector, "pod").WithTarget(series("B", goroutinesOfAlloy, selector, "pod"))).
		WithPanel(flames(5, "Flame graph of the profile type", "$profile_type", 16)).
		WithPanel(flames(6, "Memory in use", memory, 12).Span(12)).
		WithPanel(flames(7, "Memory allocated", allocated, 12).Span(12)).
		WithRow(dashboard.NewRowBuilder("All services").Id(8)).
		WithPanel(timeline(9, "The profile type by service", "$profile_type", "{}", "service_name").Span(24))
}

func source() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(schema.Pyroscope), Uid: cog.ToPtr("${source}")}
}

// found is a variable of which Pyroscope's data source knows the values.
func found(name string, query map[string]any) *dashboard.QueryVariableBuilder {
	query["refId"] = name
	return dashboard.NewQueryVariableBuilder(name).Datasource(source()).Query(dashboard.StringOrMap{Map: query}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
}

func option(v string) dashboard.VariableOption {
	text := dashboard.StringOrArrayOfString{String: &v}
	return dashboard.VariableOption{Selected: cog.ToPtr(true), Text: text, Value: text}
}

// timeline shows how much there is, by a label. The data source says the unit.
func timeline(id uint32, title, profileType, selector, by string) *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().Id(id).Title(title).Datasource(source()).Span(8).Height(8).Min(0).FillOpacity(10).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)).
		WithTarget(series("A", profileType, selector, by))
}

func series(refID, profileType, selector, by string) *grafanapyroscope.DataqueryBuilder {
	return query(refID, profileType, selector, grafanapyroscope.PyroscopeQueryTypeMetrics).GroupBy([]string{by})
}

func query(refID, profileType, selector string, kind grafanapyroscope.PyroscopeQueryType) *grafanapyroscope.DataqueryBuilder {
	return grafanapyroscope.NewDataqueryBuilder().RefId(refID).Datasource(source()).QueryType(string(kind)).
		ProfileTypeId(profileType).LabelSelector(selector)
}

// flames is a flame graph of the chosen service.
func flames(id uint32, title, profileType string, height uint32) *dashboard.PanelBuilder {
	return dashboard.NewPanelBuilder().Type("flamegraph").Id(id).Title(title).Datasource(source()).Span(24).Height(height).
		WithTarget(query("A", profileType, selector, grafanapyroscope.PyroscopeQueryTypeProfile))
}
