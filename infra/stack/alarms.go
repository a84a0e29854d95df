package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// addAlarms returns the topic that alarms are sent to, nil if nobody is told.
func (s *Stack) addAlarms() awssns.Topic {
	topic := s.addTopic()
	for _, a := range monitoring.Alarms(s.config) {
		made := awscloudwatch.NewAlarm(s.Stack, &a.ID, &awscloudwatch.AlarmProps{
			AlarmName: s.named(a.ID), AlarmDescription: &a.Meaning, Metric: s.metric(a.Metric),
			Threshold: &a.Above, ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
			EvaluationPeriods: jsii.Number(float64(a.Periods)), TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
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
	// A policy takes the place of the one that topics have by themselves, which
	// lets everything in the account publish: alarms must be named as well.
	alarms := s.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("cloudwatch"), Resource: jsii.String("alarm"), ResourceName: s.named("*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	letPublish(topic, "cloudwatch.amazonaws.com", map[string]any{"ArnLike": map[string]any{"aws:SourceArn": alarms}})
	letPublish(topic, "budgets.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": s.Account()}})
	return topic
}

// letPublish lets a service send to the topic under a condition.
func letPublish(topic awssns.Topic, service string, condition map[string]any) {
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&service, nil)},
		Actions:    jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()}, Conditions: &condition,
	}))
}
