package monitoring_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func sizes(t *testing.T, f func(t *testing.T, c deployment.Config)) {
	for name, size := range deployment.Sizes() {
		t.Run(name, func(t *testing.T) {
			c := deployment.Default()
			c.Size = size
			f(t, c)
		})
	}
}

func graphs(c deployment.Config) []monitoring.Graph {
	var all []monitoring.Graph
	for _, row := range monitoring.Rows(c) {
		all = append(all, row.Graphs...)
	}
	return all
}

// Whoever is told by an alarm finds what it is about on a graph, with a line at
// its threshold.
func TestEveryAlarmIsALineOfAGraph(t *testing.T) {
	sizes(t, func(t *testing.T, c deployment.Config) {
		alarms := monitoring.Alarms(c)
		drawn := make(map[string]float64)
		for _, g := range graphs(c) {
			for _, l := range g.Lines(alarms) {
				for _, id := range l.Alarms {
					drawn[id] = l.Above
				}
			}
		}
		for _, a := range alarms {
			above, ok := drawn[a.ID]
			require.True(t, ok, "%s is on no graph", a.ID)
			require.Equal(t, a.Above, above, a.ID)
		}
		require.Len(t, drawn, len(alarms), "ids are unique")
	})
}

// A dashboard of up to 50 metrics costs nothing.
func TestTheConsoleOfASmallDeploymentIsFree(t *testing.T) {
	n := 0
	for _, g := range graphs(deployment.Default()) {
		if g.Console {
			n += len(g.Metrics)
		}
	}
	require.Positive(t, n)
	require.LessOrEqual(t, n, 50)
}

// fromAWS are the metrics that AWS documents for the one dimension of their
// namespace, of what the stack has.
func fromAWS() map[monitoring.Namespace][]string {
	return map[monitoring.Namespace][]string{
		monitoring.Lambda:   {"Duration", "Errors", "Throttles", "Invocations", "ConcurrentExecutions"},
		monitoring.SQS:      {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"},
		monitoring.API:      {"Count", "4xx", "5xx", "Latency"},
		monitoring.DynamoDB: {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"},
	}
}

// No graph is of a metric that nobody writes: ours are counted by the function
// that they are asked of, those of AWS are of a function, queue or table of the
// stack.
func TestMetricsExist(t *testing.T) {
	counted := countedBy(t)
	sizes(t, func(t *testing.T, c deployment.Config) {
		var functions []string
		for _, f := range c.Functions() {
			functions = append(functions, f.Name)
		}
		queues := append(monitoring.ProfileQueues(c), monitoring.QueueJobs)
		for _, q := range slices.Clone(queues) {
			queues = append(queues, q+monitoring.DeadLetters)
		}
		of := map[monitoring.Namespace][]string{
			monitoring.Own: functions, monitoring.Lambda: functions, monitoring.SQS: queues, monitoring.API: {""},
			monitoring.DynamoDB: {monitoring.TableIndex, monitoring.TableRecords},
		}
		var all []monitoring.Metric
		for _, g := range graphs(c) {
			require.NotEmpty(t, g.Metrics, g.Title)
			all = append(all, g.Metrics...)
		}
		for _, a := range monitoring.Alarms(c) {
			all = append(all, a.Metric)
		}
		for _, m := range all {
			require.NotEmpty(t, m.Namespace.Dimension(), "%+v", m)
			require.Contains(t, of[m.Namespace], m.Of, "%+v", m)
			require.Regexp(t, `^(Sum|Average|Maximum|p50|p99)$`, m.Statistic)
			if m.Namespace == monitoring.Own {
				require.Contains(t, counted[telemetry.Metric(m.Name)], m.Of, "%s is not counted by %s", m.Name, m.Of)
				continue
			}
			require.Contains(t, fromAWS()[m.Namespace], m.Name, "%+v", m)
		}
	})
}

// CloudWatch bills each metric of ours.
func TestWhatIsCountedIsShown(t *testing.T) {
	shown := make(map[string]bool)
	for _, row := range monitoring.Rows(deployment.Default()) {
		for _, g := range row.Graphs {
			for _, m := range g.Metrics {
				shown[m.Name] = shown[m.Name] || m.Namespace == monitoring.Own
			}
		}
	}
	for _, info := range telemetry.MetricInfos() {
		require.True(t, shown[string(info.Name)], "nobody looks at %s: let it stand in the log alone", info.Name)
	}
}

// counters says which functions run the code of a package, or of one of its
// files, that counts.
func counters() map[string][]string {
	var all []string
	for _, f := range deployment.Default().Functions() {
		all = append(all, f.Name)
	}
	return map[string][]string{
		"lambdahost": all,
		"ingest":     {deployment.Ingest}, "ratelimit": {deployment.Ingest},
		"segment":               {deployment.Segment},
		"compaction/planner.go": {deployment.CompactPlan}, "compaction/worker.go": {deployment.Compact},
		"query": {deployment.Query},
	}
}

// countedBy reads from the code which function counts which metric.
func countedBy(t *testing.T) map[telemetry.Metric][]string {
	t.Helper()
	call := regexp.MustCompile(`\.(?:Add|Record)\(telemetry\.Metric(\w+),`)
	constants, err := os.ReadFile("../../shared/telemetry/metrics.go")
	require.NoError(t, err)
	names := make(map[string]telemetry.Metric)
	for _, m := range regexp.MustCompile(`Metric(\w+)\s+Metric = "(\w+)"`).FindAllStringSubmatch(string(constants), -1) {
		names[m[1]] = telemetry.Metric(m[2])
	}
	require.Len(t, names, len(telemetry.MetricInfos()))
	counted := make(map[telemetry.Metric][]string)
	shared := os.DirFS("../../shared")
	require.NoError(t, fs.WalkDir(shared, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(shared, name)
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			functions, ok := counters()[path.Dir(name)]
			if !ok {
				functions = counters()[name]
			}
			require.NotEmpty(t, functions, "%s counts: say in counters which functions run it", name)
			counted[names[m[1]]] = append(counted[names[m[1]]], functions...)
		}
		return err
	}))
	return counted
}

// The questions to logs are about fields that lines have.
func TestLogs(t *testing.T) {
	keys, err := os.ReadFile("../../shared/telemetry/keys.go")
	require.NoError(t, err)
	sources, err := os.ReadFile("../../shared/query/account.go")
	require.NoError(t, err)
	n := 0
	for _, row := range monitoring.Rows(deployment.Default()) {
		for _, l := range row.Logs {
			n++
			require.NotEmpty(t, l.Functions, l.Title)
			for _, line := range strings.Split(l.Query("acme|umbrella"), "\n| ") {
				require.Regexp(t, `^(fields|filter|stats|sort|limit) `, line, l.Title)
				names, isFields := strings.CutPrefix(line, "fields ")
				for name := range strings.SplitSeq(names, ", ") {
					if isFields && !strings.HasPrefix(name, "@") {
						require.Contains(t, string(keys)+string(sources), `"`+name+`"`, l.Title)
					}
				}
			}
			require.Contains(t, l.Query("acme"), "tenant like /acme/")
			require.NotContains(t, l.Query(""), "tenant like")
		}
	}
	require.Equal(t, 3, n)
}
