// Package grafana makes the dashboard of Grafana for operating a deployment, of
// what infra/monitoring says: operating.json beside this file, which
// infra/README.md says how to import. It also writes those of localstack/grafana.
package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// Operating is the dashboard for those who operate a deployment of any size:
// variables find its queues.
func Operating() *schema.ClassicBuilder {
	c := deployment.Default()
	board := schema.NewClassic("Pyrocumulus").Uid("pyrocumulus-operating").
		Description("The way of a profile through a deployment in AWS, from top to bottom. Red lines are the thresholds of its alarms.").
		Tags([]string{"pyrocumulus"}).Time("now-6h", "now").Refresh("5m").Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Variables(variables())
	p := &panels{alarms: monitoring.Alarms(c)}
	for _, row := range monitoring.Rows(c) {
		board.WithRow(dashboard.NewRowBuilder(row.Title).Id(p.id()))
		for _, g := range row.Graphs {
			board.WithPanel(p.graph(g, uint32(width(len(row.Graphs)))))
		}
		for _, l := range row.Logs {
			board.WithPanel(p.log(l))
		}
	}
	return board
}

// width is that of n graphs of a row, of which as many as go beside each other.
func width(n int) int {
	if n == 4 {
		return 6
	}
	return 8
}

// panels makes panels and numbers them.
type panels struct {
	alarms []monitoring.Alarm
	last   uint32
}

func (p *panels) id() uint32 { p.last++; return p.last }

func (p *panels) graph(g monitoring.Graph, span uint32) *timeseries.PanelBuilder {
	lines := g.Lines(p.alarms)
	made := timeseries.NewPanelBuilder().Id(p.id()).Title(g.Title).Description(description(g.Means, lines)).
		Datasource(source()).Span(span).Height(7).Unit(unit(g)).Min(0).FillOpacity(10).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if len(lines) > 0 {
		made.Thresholds(thresholds(lines)).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeLine))
	}
	for _, t := range targets(g) {
		made.WithTarget(t)
	}
	return made
}

// thresholds are what Grafana draws lines at, in its order.
func thresholds(lines []monitoring.Line) *dashboard.ThresholdsConfigBuilder {
	steps := []dashboard.Threshold{{Color: "transparent"}}
	slices.SortFunc(lines, func(a, b monitoring.Line) int { return int(a.Above - b.Above) })
	for _, l := range lines {
		steps = append(steps, dashboard.Threshold{Color: "red", Value: cog.ToPtr(l.Above)})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func description(means string, lines []monitoring.Line) string {
	for _, l := range lines {
		means += fmt.Sprintf(" Above %v rings %s.", l.Above, strings.Join(l.Alarms, ", "))
	}
	return strings.TrimSpace(means)
}

func unit(g monitoring.Graph) string {
	return map[monitoring.Unit]string{
		monitoring.Count: "short", monitoring.Seconds: "s", monitoring.Milliseconds: "ms", monitoring.Bytes: "bytes",
	}[g.Unit]
}

func (p *panels) log(l monitoring.Log) cog.Builder[dashboard.Panel] {
	if l.Table {
		return table.NewPanelBuilder().Id(p.id()).Title(l.Title).Description(l.Means).
			Datasource(source()).Span(24).Height(8).
			Footer(common.NewTableFooterOptionsBuilder().Reducer([]string{})).WithTarget(question(l))
	}
	return logs.NewPanelBuilder().Id(p.id()).Title(l.Title).Description(l.Means).Datasource(source()).Span(24).Height(12).
		ShowTime(true).WrapLogMessage(true).EnableLogDetails(true).SortOrder(common.LogsSortOrderDescending).
		DedupStrategy(common.LogsDedupStrategyNone).WithTarget(question(l))
}
