package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/template"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// fromAWS are the metrics of AWS that alarms use, with their one dimension.
func fromAWS() map[string]string {
	return map[string]string{
		"AWS/SQS ApproximateAgeOfOldestMessage": "QueueName", "AWS/SQS ApproximateNumberOfMessagesVisible": "QueueName",
		"AWS/ApiGateway 5xx": "ApiId", "AWS/ApiGateway Latency": "ApiId",
		"AWS/Lambda Errors": "FunctionName", "AWS/Lambda Throttles": "FunctionName",
	}
}

// Alarms are on metrics that are there: those of AWS, and those of ours that a
// function of the stack counts under its name (tests/arch: all are counted).
func TestAlarmsAreOnMetricsThatExist(t *testing.T) {
	ours := make(map[telemetry.Metric]bool)
	for _, info := range telemetry.MetricInfos() {
		ours[info.Name] = true
	}
	golden(t, func(t *testing.T, all *template.Template) {
		functions := all.Of("AWS::Lambda::Function")
		used := make(map[string]int)
		each(t, all, "AWS::CloudWatch::Alarm", func(id string, r template.Resource) {
			require.Equal(t, "notBreaching", r.Properties["TreatMissingData"], "%s: nothing may be going on", id)
			space, metric := r.Properties["Namespace"].(string), r.Properties["MetricName"].(string)
			dimensions := r.Properties["Dimensions"].([]any)
			require.Len(t, dimensions, 1, id)
			dimension := dimensions[0].(map[string]any)
			used[space+" "+metric]++
			if space == telemetry.Namespace {
				require.True(t, ours[telemetry.Metric(metric)], "%s: %s", id, metric)
				require.Equal(t, telemetry.KeyFunction, dimension["Name"], id)
				require.Contains(t, functions, dimension["Value"].(map[string]any)["Ref"], "%s: of the name that Lambda gives it", id)
				return
			}
			require.Equal(t, fromAWS()[space+" "+metric], dimension["Name"], "%s: %s %s", id, space, metric)
		})
		for metric := range fromAWS() {
			require.NotZero(t, used[metric], "no alarm on %s", metric)
		}
		require.Equal(t, len(functions), used["AWS/Lambda Errors"])
		require.Equal(t, len(functions), used["AWS/Lambda Throttles"])
		require.Equal(t, len(all.Of("AWS::SQS::Queue")), used["AWS/SQS ApproximateAgeOfOldestMessage"]+used["AWS/SQS ApproximateNumberOfMessagesVisible"])
		for _, dashboard := range all.Of("AWS::CloudWatch::Dashboard") {
			requireListed(t, dashboard, ours)
		}
	})
}

// requireListed wants the metrics of ours that a dashboard shows in the table of
// metrics.
func requireListed(t *testing.T, dashboard template.Resource, ours map[telemetry.Metric]bool) {
	body, err := json.Marshal(dashboard.Properties["DashboardBody"])
	require.NoError(t, err)
	parts := strings.Split(strings.ReplaceAll(string(body), `\`, ""), `["`+telemetry.Namespace+`","`)
	require.Greater(t, len(parts), 5)
	for _, part := range parts[1:] {
		name, _, _ := strings.Cut(part, `"`)
		require.True(t, ours[telemetry.Metric(name)], name)
	}
}

// The policy of a topic takes the place of the one that lets its account publish,
// so it has to name the services that do.
func TestTopicsTakeAlarmsAndBudgets(t *testing.T) {
	topics := 0
	golden(t, func(t *testing.T, all *template.Template) {
		for _, policy := range all.Of("AWS::SNS::TopicPolicy") {
			topics++
			text, err := json.Marshal(policy.Properties)
			require.NoError(t, err)
			for _, service := range []string{"cloudwatch", "budgets"} {
				require.Contains(t, string(text), `"Effect":"Allow","Principal":{"Service":"`+service+`.amazonaws.com"}`)
			}
		}
	})
	require.NotZero(t, topics)
}
