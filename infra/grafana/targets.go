package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cloudwatch"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"

	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// targets are the queries of a graph.
func targets(g monitoring.Graph) []cog.Builder[variants.Dataquery] {
	var all []cog.Builder[variants.Dataquery]
	var asked []string // values of variables stand for several metrics
	for i, m := range g.Metrics {
		value := valueOf(m)
		key := fmt.Sprint(m.Namespace, m.Name, m.Statistic, value)
		if slices.Contains(asked, key) {
			continue
		}
		asked = append(asked, key)
		query := metric(m, value).RefId(refID(len(all))).Label(label(g, m))
		if !g.GBSeconds {
			all = append(all, asks(query))
			continue
		}
		id := fmt.Sprintf("m%d", i)
		all = append(all, asks(query.Id(id).Hide(true)))
		all = append(all, asks(cloudwatch.NewMetricsQueryBuilder().RefId(refID(len(all))).Id(fmt.Sprintf("e%d", i)).Label(label(g, m)).
			MetricQueryType(cloudwatch.MetricQueryTypeSearch).MetricEditorMode(cloudwatch.MetricEditorModeCode).
			Region("$region").Datasource(source()).Period(period(m)).Expression(id+"*"+perGB(m.Of))))
	}
	return all
}

func asks(q *cloudwatch.MetricsQueryBuilder) cog.Builder[variants.Dataquery] {
	return cloudwatch.NewRequestBuilder().MetricsQuery(q)
}

func metric(m monitoring.Metric, value string) *cloudwatch.MetricsQueryBuilder {
	of := cloudwatch.StringOrArrayOfString{String: &value}
	return cloudwatch.NewMetricsQueryBuilder().Id("").Region("$region").Namespace(string(m.Namespace)).MetricName(m.Name).
		MetricQueryType(cloudwatch.MetricQueryTypeSearch).MetricEditorMode(cloudwatch.MetricEditorModeBuilder).
		Dimensions(cloudwatch.Dimensions{m.Namespace.Dimension(): of}).
		MatchExact(true).Statistic(m.Statistic).Period(period(m)).Datasource(source())
}

func period(m monitoring.Metric) string { return fmt.Sprint(int(m.Period.Seconds())) }

// refID is the letter of the i-th query of a panel.
func refID(i int) string { return string(rune('A' + i)) }

// valueOf is the value of a metric's dimension.
func valueOf(m monitoring.Metric) string {
	switch {
	case m.Namespace == monitoring.Own, m.Namespace == monitoring.Lambda:
		return "${stack}-" + m.Of
	case m.Namespace == monitoring.API:
		return "$" + theAPI
	case m.Namespace == monitoring.DynamoDB && m.Of == monitoring.TableIndex:
		return "$" + tableOfBlocks
	case m.Namespace == monitoring.DynamoDB:
		return "$" + tableOfRecords
	case strings.HasSuffix(m.Of, monitoring.DeadLetters):
		return "$" + deadLetters
	case m.Of == monitoring.QueueJobs:
		return "$" + queueOfJobs
	}
	return "$" + queuesOfProfiles
}

// label is the name of a line: what tells it from the others of its graph.
func label(g monitoring.Graph, m monitoring.Metric) string {
	if m.Namespace == monitoring.SQS {
		return "${PROP('Dim.QueueName')}" // CloudWatch fills it in
	}
	same := 0
	for _, other := range g.Metrics {
		if other.Name == m.Name && other.Statistic == m.Statistic {
			same++
		}
	}
	switch {
	case same > 1:
		return m.Of
	case strings.HasPrefix(m.Statistic, "p"):
		return m.Name + " " + m.Statistic
	}
	return m.Name
}

// question is the query of a panel that shows logs.
func question(l monitoring.Log) cog.Builder[variants.Dataquery] {
	var groups []string
	for _, f := range l.Functions {
		groups = append(groups, monitoring.Group("${stack}", f))
	}
	return cloudwatch.NewRequestBuilder().LogsQuery(cloudwatch.NewLogsQueryBuilder().Id("").RefId("A").Region("$region").Datasource(source()).
		QueryLanguage(cloudwatch.LogsQueryLanguageCWLI).LogGroupNames(groups).Expression(l.Query("$tenant")))
}
