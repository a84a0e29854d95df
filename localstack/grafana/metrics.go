package grafana

import (
	"encoding/json"
	"net/url"
	"regexp"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
)

// dataSource is the uid of the data source in pyrocumulus.yaml.
const dataSource = "pyrocumulus"

// Metrics is an example of a dashboard of Prometheus that leads to profiles: a
// click on a line opens what its service did in the time that is shown.
func Metrics() *schema.ClassicBuilder {
	source := common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${source}")}
	return schema.NewClassic("From metrics to profiles").Uid("pyrocumulus-metrics").
		Description("An example: the data link of its panel can be copied to any panel of which the lines have the label service_name.").
		Tags([]string{"pyrocumulus"}).Time("now-1h", "now").
		WithVariable(dashboard.NewDatasourceVariableBuilder("source").Label("Data source").Type("prometheus")).
		WithPanel(timeseries.NewPanelBuilder().Id(1).Title("CPU by service").Datasource(source).Span(24).Height(12).Min(0).
			DataLinks([]cog.Builder[dashboard.DashboardLink]{
				dashboard.NewDashboardLinkBuilder("Profiles of ${__field.labels.service_name}").Type(dashboard.DashboardLinkTypeLink).
					Url(Explore(cpu, `{service_name="${__field.labels.service_name:percentencode}"}`, "${__from}", "${__to}")),
			}).
			WithTarget(prometheus.NewDataqueryBuilder().RefId("A").Datasource(source).Range().LegendFormat("{{service_name}}").
				Expr("sum by (service_name) (rate(process_cpu_seconds_total[$__rate_interval]))")))
}

// Explore is the path of Explore in Grafana with profiles, of which selector and
// times may have variables of data links.
func Explore(profileType, selector, from, to string) string {
	ref := map[string]string{"type": schema.Pyroscope, "uid": dataSource}
	panes, err := json.Marshal(map[string]any{"profiles": map[string]any{
		"datasource": dataSource,
		"queries": []any{map[string]any{
			"refId": "A", "datasource": ref, "queryType": "both", "profileTypeId": profileType, "labelSelector": selector, "groupBy": []string{},
		}},
		"range": map[string]string{"from": from, "to": to},
	}})
	if err != nil {
		panic("BUG: encode panes: " + err.Error())
	}
	// Variables stay as they are, for Grafana looks for them in the text of the URL.
	escaped := variable.ReplaceAllStringFunc(url.QueryEscape(string(panes)), func(v string) string {
		plain, _ := url.QueryUnescape(v) // it was escaped a line before
		return plain
	})
	return "/explore?schemaVersion=1&panes=" + escaped
}

// variable is one of Grafana, escaped for a URL.
var variable = regexp.MustCompile(`%24%7B\w[\w.]*(?:%3A\w+)?%7D`)
