package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

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
		graph("Profiles in", s.own(fnIngest, telemetry.MetricProfilesIn, "Sum"), s.own(fnIngest, telemetry.MetricProfilesRejected, "Sum")),
		graph("Age of the oldest profile in the queue, s", ages...),
		graph("Waiting messages and jobs", depths...),
		graph("Segments and merges", s.own(fnSegment, telemetry.MetricSegments, "Sum"), s.own(fnCompact, telemetry.MetricJobsDone, "Sum")),
	)
	board.AddWidgets(
		graph("Queries", s.own(fnQuery, telemetry.MetricQueries, "Sum"), s.own(fnQuery, telemetry.MetricQueriesRefused, "Sum"), s.own(fnQuery, telemetry.MetricPartialAnswers, "Sum")),
		graph("Bytes of blocks that queries read", s.own(fnQuery, telemetry.MetricBlockBytesRead, "Sum")),
		graph("Answers of the API", s.apiMetric("Count", "Sum"), s.apiMetric("4xx", "Sum"), s.apiMetric("5xx", "Sum")),
		graph("Latency of the API, ms", s.apiMetric("Latency", "p50"), s.apiMetric("Latency", "p99")),
	)
	var durations, errors, throttles []awscloudwatch.IMetric
	for _, f := range s.functionTable() {
		made := s.functions[f.name]
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
