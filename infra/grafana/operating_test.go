package grafana_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cloudwatch"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/grafana"
	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

var update = flag.Bool("update", false, "write golden files anew")

// operating is the dashboard as users import it, decoded strictly.
func operating(t *testing.T) (*schema.Classic, []byte) {
	t.Helper()
	raw, err := os.ReadFile("operating.json")
	require.NoError(t, err)
	d, err := schema.Dashboard(raw)
	require.NoError(t, err)
	return d, raw
}

func TestOperating(t *testing.T) {
	got, err := grafana.Encode(grafana.Operating())
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("operating.json", got, 0o644))
	}
	_, raw := operating(t)
	require.Equal(t, string(raw), string(got), "go test ./infra/grafana -update")
}

// What the schema of Grafana does not have is refused, at every depth.
func TestDecodeIsStrict(t *testing.T) {
	_, raw := operating(t)
	for was, is := range map[string]string{
		`"schemaVersion"`: `"schemaVersions"`, `"gridPos"`: `"gridpos"`, `"metricName"`: `"metric"`,
		`"thresholdsStyle"`: `"thresholdStyle"`, `"logGroupNames"`: `"logGroupName"`, `"regex"`: `"regexp"`,
	} {
		require.Contains(t, string(raw), was)
		_, err := schema.Dashboard([]byte(strings.Replace(string(raw), was, is, 1)))
		require.Error(t, err, is)
	}
}

func panels(d *schema.Classic) map[string]*dashboard.Panel {
	all := make(map[string]*dashboard.Panel)
	for _, p := range d.Panels {
		if p.Panel != nil {
			all[*p.Panel.Title] = p.Panel
		}
	}
	return all
}

// Each graph is a panel with lines at the thresholds of the alarms, and no two
// panels lie on each other.
func TestPanelsAreTheGraphs(t *testing.T) {
	d, _ := operating(t)
	found := panels(d)
	c := deployment.Default()
	alarms := monitoring.Alarms(c)
	graphs := 0
	for _, row := range monitoring.Rows(c) {
		for _, g := range row.Graphs {
			graphs++
			p := found[g.Title]
			require.NotNil(t, p, g.Title)
			var want, got []float64
			for _, l := range g.Lines(alarms) {
				want = append(want, l.Above)
			}
			for _, step := range thresholds(p) {
				got = append(got, *step.Value)
			}
			require.ElementsMatch(t, want, got, g.Title)
			require.NotEmpty(t, p.Targets, g.Title)
		}
		graphs += len(row.Logs)
	}
	require.Len(t, found, graphs)
	taken := make(map[string]string)
	ids := make(map[uint32]bool)
	for title, p := range found {
		require.False(t, ids[*p.Id], "id of %s", title)
		ids[*p.Id] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, uint32(24), title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				cell := fmt.Sprint(x, " ", y)
				require.Empty(t, taken[cell], "%s lies there too", title)
				taken[cell] = title
			}
		}
	}
}

func thresholds(p *dashboard.Panel) []dashboard.Threshold {
	if p.FieldConfig.Defaults.Thresholds == nil {
		return nil
	}
	return p.FieldConfig.Defaults.Thresholds.Steps[1:]
}

// Queries ask for the metrics of the graphs and nothing else: every namespace,
// metric, dimension, statistic and period is one of infra/monitoring, of which
// tests there say that they exist.
func TestQueries(t *testing.T) {
	d, _ := operating(t)
	known := make(map[string]bool)
	for _, row := range monitoring.Rows(deployment.Default()) {
		for _, g := range row.Graphs {
			for _, m := range g.Metrics {
				known[fmt.Sprint(m.Namespace, " ", m.Name, " ", m.Namespace.Dimension(), " ", m.Statistic, " ", m.Period.Seconds())] = false
			}
		}
	}
	groups := make(map[string]bool)
	for title, p := range panels(d) {
		for _, target := range p.Targets {
			request := target.(*cloudwatch.Request)
			if l := request.LogsQuery; l != nil {
				require.Equal(t, "$region", l.Region)
				for _, name := range l.LogGroupNames {
					groups[name] = true
				}
				continue
			}
			m := request.MetricsQuery
			require.NotNil(t, m, title)
			require.Equal(t, "$region", m.Region, title)
			require.Equal(t, "${source}", *m.Datasource.Uid, title)
			if m.Expression != nil {
				continue
			}
			require.Len(t, *m.Dimensions, 1, title)
			for dimension := range *m.Dimensions {
				key := fmt.Sprint(m.Namespace, " ", *m.MetricName, " ", dimension, " ", *m.Statistic, " ", *m.Period)
				require.Contains(t, known, key, title)
				known[key] = true
			}
		}
	}
	for key, asked := range known {
		require.True(t, asked, "nobody asks for %s", key)
	}
	for _, f := range deployment.Default().Functions() {
		require.True(t, groups["/${stack}/"+f.Name], f.Name)
	}
}

// Each variable that is used is there, and looks for names as CloudFormation
// makes them of the ids in the stack.
func TestVariables(t *testing.T) {
	d, raw := operating(t)
	defined := map[string]*dashboard.VariableModel{}
	for _, v := range d.Templating.List {
		defined[v.Name] = &v
	}
	used := strings.ReplaceAll(string(raw), "$__all", "") // Grafana's own
	for _, m := range regexp.MustCompile(`\$\{?(\w+)[}"/, ]`).FindAllStringSubmatch(used, -1) {
		require.Contains(t, defined, m[1])
	}
	names := []string{
		"pyrocumulus-Profiles-A1B2.fifo", "pyrocumulus-Profiles2-A1B2.fifo", "pyrocumulus-ProfilesDeadLetters-A1.fifo",
		"pyrocumulus-Profiles2DeadLetters-A1.fifo", "pyrocumulus-Jobs-A1.fifo", "pyrocumulus-JobsDeadLetters-A1.fifo",
		"pyrocumulus-IndexB4C5-A1", "pyrocumulus-Records9D-A1", "other-Profiles-A1.fifo", "other-pyrocumulus-Jobs-A1.fifo",
	}
	for variable, want := range map[string][]int{"profiles": {0, 1}, "dead": {2, 3, 5}, "jobs": {4}, "index": {6}, "records": {7}} {
		pattern := strings.Trim(strings.ReplaceAll(*defined[variable].Regex, "${stack}", "pyrocumulus"), "/")
		var got []int
		for i, name := range names {
			if regexp.MustCompile(pattern).MatchString(name) {
				got = append(got, i)
			}
		}
		require.Equal(t, want, got, variable)
	}
}

// GB-seconds are computed with the memory that each size gives to a function.
func TestGBSeconds(t *testing.T) {
	d, _ := operating(t)
	var expressions []string
	for _, target := range panels(d)["GB-seconds"].Targets {
		if m := target.(*cloudwatch.Request).MetricsQuery; m.Expression != nil {
			require.Nil(t, m.Hide)
			expressions = append(expressions, *m.Expression)
		} else {
			require.True(t, *m.Hide)
		}
	}
	require.Len(t, expressions, len(deployment.Default().Functions()))
	terms := regexp.MustCompile(`\(\$\{size\}==(\d)\)\*(\d+)`)
	sizes := []string{"small", "medium", "large"}
	for i, e := range expressions {
		found := terms.FindAllStringSubmatch(e, -1)
		require.Len(t, found, len(sizes), e)
		for _, m := range found {
			c := deployment.Default()
			c.Size = deployment.Sizes()[sizes[slices.Index([]string{"0", "1", "2"}, m[1])]]
			require.Equal(t, fmt.Sprint(c.Functions()[i].MemoryMB), m[2], e)
		}
	}
	text, err := json.Marshal(sizes)
	require.NoError(t, err)
	require.Len(t, deployment.Sizes(), len(sizes), "the sizes are %s", text)
}
