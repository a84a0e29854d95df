package grafana_test

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/stretchr/testify/require"

	operating "github.com/pyrocumulus/pyrocumulus/infra/grafana"
	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
	"github.com/pyrocumulus/pyrocumulus/localstack/grafana"
)

var update = flag.Bool("update", false, "write golden files anew")

// The files are what the code makes, and Grafana's schema has each of their
// fields.
func TestDashboards(t *testing.T) {
	for file, made := range map[string]*schema.ClassicBuilder{
		"dashboards/profiles.json": grafana.Profiles(), "examples/metrics.json": grafana.Metrics(),
	} {
		got, err := operating.Encode(made)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(file, got, 0o644))
		}
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(raw), string(got), "%s: go test ./localstack/grafana -update", file)
		_, err = schema.Dashboard(raw)
		require.NoError(t, err, file)
	}
}

func read(t *testing.T, file string) *schema.Classic {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	d, err := schema.Dashboard(raw)
	require.NoError(t, err)
	return d
}

// The link from metrics is a URL of Explore: one pane of the data source of
// pyrocumulus.yaml, once Grafana has filled its variables in.
func TestLinkFromMetrics(t *testing.T) {
	d := read(t, "examples/metrics.json")
	panel := d.Panels[0].Panel
	link := *panel.FieldConfig.Defaults.Links[0].Url
	expression := panel.Targets[0].(*prometheus.Dataquery).Expr
	require.Contains(t, expression, "by (service_name)", "the link wants this label")
	for variable, value := range map[string]string{
		"${__field.labels.service_name:percentencode}": url.PathEscape(`my shop`), "${__from}": "1785721604354", "${__to}": "1785723455407",
	} {
		require.Contains(t, link, variable)
		link = strings.ReplaceAll(link, variable, value)
	}
	require.NotContains(t, link, "$")
	parsed, err := url.Parse(link)
	require.NoError(t, err)
	require.Equal(t, "/explore", parsed.Path)
	require.Equal(t, "1", parsed.Query().Get("schemaVersion"))
	var panes map[string]struct {
		Datasource string
		Queries    []map[string]any
		Range      struct{ From, To string }
	}
	require.NoError(t, json.Unmarshal([]byte(parsed.Query().Get("panes")), &panes))
	require.Len(t, panes, 1)
	for _, pane := range panes {
		require.Equal(t, "pyrocumulus", pane.Datasource)
		require.Equal(t, "1785721604354", pane.Range.From)
		require.Equal(t, "1785723455407", pane.Range.To)
		require.Len(t, pane.Queries, 1)
		query := pane.Queries[0]
		require.Equal(t, `{service_name="my shop"}`, query["labelSelector"])
		require.Equal(t, map[string]any{"type": schema.Pyroscope, "uid": "pyrocumulus"}, query["datasource"])
		require.Equal(t, "both", query["queryType"])
	}
}
