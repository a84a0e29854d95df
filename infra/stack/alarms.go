package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// alarm is a metric that should not be above a limit for some minutes.
type alarm struct {
	id, meaning string
	metric      awscloudwatch.IMetric
	above       float64
	periods     int // of those that count, all
}

// addAlarms returns the topic that alarms are sent to, nil if nobody is told.
func (s *Stack) addAlarms() awssns.Topic {
	topic := s.addTopic()
	for _, a := range s.alarmTable() {
		made := awscloudwatch.NewAlarm(s.Stack, &a.id, &awscloudwatch.AlarmProps{
			AlarmName: s.named(a.id), AlarmDescription: &a.meaning, Metric: a.metric,
			Threshold: &a.above, ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
			EvaluationPeriods: jsii.Number(float64(a.periods)), TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
		if topic != nil {
			action := awscloudwatchactions.NewSnsAction(topic)
			made.AddAlarmAction(action)
			made.AddOkAction(action)
		}
	}
	return topic
}

func (s *Stack) addTopic() awssns.Topic {
	if s.config.Alarms.Email == "" {
		return nil
	}
	topic := awssns.NewTopic(s.Stack, jsii.String("AlarmTopic"), &awssns.TopicProps{
		TopicName: s.named("alarms"), EnforceSSL: jsii.Bool(true),
	})
	topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&s.config.Alarms.Email, nil))
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("budgets.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
	}))
	return topic
}

func (s *Stack) alarmTable() []alarm {
	var table []alarm
	for i, q := range s.queues.profiles {
		n := suffix(i)
		table = append(table,
			alarm{"OldestProfile" + n, "Pushed profiles wait for minutes: drainers fail or are too few.",
				queueMetric(q, "ApproximateAgeOfOldestMessage", "Maximum"), 180, 3},
			alarm{"DeadProfiles" + n, "Messages of profiles crashed their drainer over and over: look at them, then scripts/redrive.",
				queueMetric(s.queues.profilesDead[i], "ApproximateNumberOfMessagesVisible", "Maximum"), 0, 1})
	}
	table = append(table,
		alarm{"OldestJob", "Merging lags: compact fails or is too slow; queries get dearer.",
			queueMetric(s.queues.jobs, "ApproximateAgeOfOldestMessage", "Maximum"), 3600, 3},
		alarm{"DeadJobs", "Jobs of merging were given up.",
			queueMetric(s.queues.jobsDead, "ApproximateNumberOfMessagesVisible", "Maximum"), 0, 1},
		alarm{"ParkedJobs", "A job of merging failed so often that it was set aside; its blocks stay unmerged.",
			s.own(deployment.Compact, telemetry.MetricJobsParked, "Sum"), 0, 1},
		alarm{"PoisonedProfiles", "Messages that cannot be read were stored under poison/.",
			s.own(deployment.Segment, telemetry.MetricMessagesPoisoned, "Sum"), 0, 1},
		alarm{"ServerErrors", "The API answers with 5xx.", s.apiMetric("5xx", "Sum"), 10, 3},
		alarm{"SlowAnswers", "One of a hundred answers takes more than 20 s.", s.apiMetric("Latency", "p99"), 20000, 3},
	)
	for _, f := range s.config.Functions() {
		made := s.functions[f.Name]
		id := identifier(f.Name)
		table = append(table,
			alarm{id + "Errors", fmt.Sprintf("Function %s fails.", f.Name), made.MetricErrors(minutes(5)), 3, 2},
			alarm{id + "Throttles", fmt.Sprintf("Function %s is throttled: more concurrency is needed.", f.Name), made.MetricThrottles(minutes(5)), 10, 2})
	}
	return table
}

func suffix(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprint(i + 1)
}

func minutes(n float64) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(&n)}
}

func queueMetric(q awssqs.CfnQueue, name, statistic string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/SQS"), MetricName: &name, Statistic: &statistic, Period: awscdk.Duration_Minutes(jsii.Number(1)),
		DimensionsMap: &map[string]*string{"QueueName": q.AttrQueueName()},
	})
}

func (s *Stack) apiMetric(name, statistic string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/ApiGateway"), MetricName: &name, Statistic: &statistic, Period: awscdk.Duration_Minutes(jsii.Number(5)),
		DimensionsMap: &map[string]*string{"ApiId": s.api.http.ApiId()},
	})
}

// own is a metric that a function writes itself.
func (s *Stack) own(function string, name telemetry.Metric, statistic string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(telemetry.Namespace), MetricName: jsii.String(string(name)), Statistic: &statistic,
		Period:        awscdk.Duration_Minutes(jsii.Number(5)),
		DimensionsMap: &map[string]*string{telemetry.KeyFunction: &function},
	})
}
