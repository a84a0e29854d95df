package stack

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

// addSchedules starts what nobody calls: the drainers of each queue and the
// planner each minute, sweeping every ten, and merging by the queue of jobs.
func (s *Stack) addSchedules() {
	role := awsiam.NewRole(s.Stack, jsii.String("SchedulerRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), nil),
	})
	var targets []*string
	for _, name := range []string{deployment.Segment, deployment.CompactPlan, deployment.Sweep} {
		targets = append(targets, s.functions[name].FunctionArn())
	}
	allow(role, targets, "lambda:InvokeFunction")
	for _, each := range s.config.Schedules() {
		s.schedule(role, each)
	}

	awslambda.NewCfnEventSourceMapping(s.Stack, jsii.String("CompactJobs"), &awslambda.CfnEventSourceMappingProps{
		FunctionName: s.functions[deployment.Compact].FunctionArn(), EventSourceArn: s.queues.jobs.AttrArn(),
		BatchSize: jsii.Number(1), FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
		ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{
			MaximumConcurrency: jsii.Number(float64(max(2, s.config.Size.Compactions))),
		},
	}).Node().AddDependency(s.functions[deployment.Compact].Role())
}

func (s *Stack) schedule(role awsiam.Role, each deployment.Schedule) {
	target := &awsscheduler.CfnSchedule_TargetProperty{
		Arn: s.functions[each.Function].FunctionArn(), RoleArn: role.RoleArn(),
		// What one run misses the next one does.
		RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{MaximumRetryAttempts: jsii.Number(0), MaximumEventAgeInSeconds: jsii.Number(60)},
	}
	if each.Event != nil {
		body, err := json.Marshal(each.Event)
		if err != nil {
			panic("BUG: encode the event of schedule " + each.ID + ": " + err.Error())
		}
		target.Input = jsii.String(string(body))
	}
	awsscheduler.NewCfnSchedule(s.Stack, &each.ID, &awsscheduler.CfnScheduleProps{
		Description:        jsii.String("starts " + each.Function),
		ScheduleExpression: jsii.String(rate(each.Every)),
		FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target:             target,
	}).ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
}

// rate is a duration as EventBridge writes it.
func rate(d time.Duration) string {
	if d == time.Minute {
		return "rate(1 minute)"
	}
	return fmt.Sprintf("rate(%d minutes)", int(d.Minutes()))
}
