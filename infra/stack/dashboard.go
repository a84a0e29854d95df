package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// addDashboard shows the way of a profile from left to right: in, stored,
// merged, asked for.
func (s *Stack) addDashboard() {
	board := awscloudwatch.NewDashboard(s.Stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{DashboardName: &s.config.Name})
	ages, depths := []awscloudwatch.IMetric{}, []awscloudwatch.IMetric{}
	for _, q := range s.queues.profiles {
		ages = append(ages, queueMetric(q, "ApproximateAgeOfOldestMessage", "Maximum"))
		depths = append(depths, queueMetric(q, "ApproximateNumberOfMessagesVisible", "Average"))
	}
	depths = append(depths, queueMetric(s.queues.jobs, "ApproximateNumberOfMessagesVisible", "Average"))
	board.AddWidgets(
		graph("Profiles in", s.own(deployment.Ingest, telemetry.MetricProfilesIn, "Sum"), s.own(deployment.Ingest, telemetry.MetricProfilesRejected, "Sum")),
		graph("Age of the oldest profile in the queue, s", ages...),
		graph("Waiting messages and jobs", depths...),
		graph("Segments and merges", s.own(deployment.Segment, telemetry.MetricSegments, "Sum"), s.own(deployment.Compact, telemetry.MetricJobsDone, "Sum")),
	)
	board.AddWidgets(
		graph("Queries", s.own(deployment.Query, telemetry.MetricQueries, "Sum"), s.own(deployment.Query, telemetry.MetricQueriesRefused, "Sum"), s.own(deployment.Query, telemetry.MetricPartialAnswers, "Sum")),
		graph("Bytes of blocks that queries read", s.own(deployment.Query, telemetry.MetricBlockBytesRead, "Sum")),
		graph("Answers of the API", s.apiMetric("Count", "Sum"), s.apiMetric("4xx", "Sum"), s.apiMetric("5xx", "Sum")),
		graph("Latency of the API, ms", s.apiMetric("Latency", "p50"), s.apiMetric("Latency", "p99")),
	)
	var durations, errors, throttles []awscloudwatch.IMetric
	for _, f := range s.config.Functions() {
		made := s.functions[f.Name]
		durations = append(durations, made.MetricDuration(minutes(5)))
		errors = append(errors, made.MetricErrors(minutes(5)))
		throttles = append(throttles, made.MetricThrottles(minutes(5)))
	}
	board.AddWidgets(graph("Duration of functions, ms", durations...), graph("Errors", errors...), graph("Throttles", throttles...))
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: &title, Left: &metrics, Width: jsii.Number(6), Height: jsii.Number(6),
	})
}
