package stack

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// addDashboard shows the way of a profile from left to right: in, stored,
// merged, asked for; with the lines that alarms ring at. The dashboard of Grafana
// (infra/grafana) has the same graphs and more.
func (s *Stack) addDashboard() {
	board := awscloudwatch.NewDashboard(s.Stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{DashboardName: &s.config.Name})
	alarms := monitoring.Alarms(s.config)
	var widgets []awscloudwatch.IWidget
	for _, row := range monitoring.Rows(s.config) {
		for _, g := range row.Graphs {
			if g.Console {
				widgets = append(widgets, s.graph(g, g.Lines(alarms)))
			}
		}
	}
	board.AddWidgets(widgets...)
}

func (s *Stack) graph(g monitoring.Graph, lines []monitoring.Line) awscloudwatch.IWidget {
	var metrics []awscloudwatch.IMetric
	for _, m := range g.Metrics {
		metrics = append(metrics, s.metric(m))
	}
	props := &awscloudwatch.GraphWidgetProps{Title: &g.Title, Left: &metrics, Width: jsii.Number(6), Height: jsii.Number(6)}
	if len(lines) > 0 {
		var annotations []*awscloudwatch.HorizontalAnnotation
		for _, l := range lines {
			annotations = append(annotations, &awscloudwatch.HorizontalAnnotation{Value: &l.Above, Label: jsii.String(lineLabel(l))})
		}
		props.LeftAnnotations = &annotations
	}
	return awscloudwatch.NewGraphWidget(props)
}

func lineLabel(l monitoring.Line) string {
	if len(l.Alarms) > 2 {
		return fmt.Sprintf("%d alarms", len(l.Alarms))
	}
	return strings.Join(l.Alarms, ", ")
}

// metric is one as CDK has it.
func (s *Stack) metric(m monitoring.Metric) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(string(m.Namespace)), MetricName: &m.Name, Statistic: &m.Statistic,
		Period:        awscdk.Duration_Minutes(jsii.Number(m.Period.Minutes())),
		DimensionsMap: &map[string]*string{m.Namespace.Dimension(): s.valueOf(m)},
	})
}

// valueOf is the name that a function, a queue, a table or the API has once it
// is there.
func (s *Stack) valueOf(m monitoring.Metric) *string {
	switch m.Namespace {
	case monitoring.Own, monitoring.Lambda:
		return s.functions[m.Of].FunctionName()
	case monitoring.SQS:
		return s.queues.byID[m.Of].AttrQueueName()
	case monitoring.API:
		return s.api.http.ApiId()
	case monitoring.DynamoDB:
		if m.Of == monitoring.TableIndex {
			return s.storage.index.TableName()
		}
		return s.storage.records.TableName()
	}
	panic("BUG: no dimension of " + string(m.Namespace))
}
