package stack

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"
)

// drainer is a schedule of the segment function: which queue to drain, and
// whether only if there is a backlog.
type drainer struct {
	id    string
	input any
}

// drainers are one for each queue, and the extra ones.
func drainers(queues, extra int) []drainer {
	var all []drainer
	for q := range queues {
		for e := range extra + 1 {
			all = append(all, drainer{fmt.Sprintf("Queue%dTurn%d", q, e), map[string]int{"queue": q, "extra": e}})
		}
	}
	return all
}

// addSchedules starts what nobody calls: the drainers of each queue and the
// planner each minute, sweeping every ten, and merging by the queue of jobs.
func (s *Stack) addSchedules() {
	role := awsiam.NewRole(s.Stack, jsii.String("SchedulerRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), nil),
	})
	var targets []*string
	for _, name := range []string{fnSegment, fnCompactPlan, fnSweep} {
		targets = append(targets, s.functions[name].FunctionArn())
	}
	allow(role, targets, "lambda:InvokeFunction")
	for _, d := range drainers(len(s.queues.profiles), s.config.Size.ExtraDrainers) {
		s.schedule(role, "Drain"+d.id, fnSegment, "rate(1 minute)", d.input)
	}
	s.schedule(role, "Plan", fnCompactPlan, "rate(1 minute)", nil)
	s.schedule(role, "SweepTick", fnSweep, "rate(10 minutes)", nil)

	awslambda.NewCfnEventSourceMapping(s.Stack, jsii.String("CompactJobs"), &awslambda.CfnEventSourceMappingProps{
		FunctionName: s.functions[fnCompact].FunctionArn(), EventSourceArn: s.queues.jobs.AttrArn(),
		BatchSize: jsii.Number(1), FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
		ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{
			MaximumConcurrency: jsii.Number(float64(max(2, s.config.Size.Compactions))),
		},
	}).Node().AddDependency(s.functions[fnCompact].Role())
}

func (s *Stack) schedule(role awsiam.Role, id, function, rate string, input any) {
	target := &awsscheduler.CfnSchedule_TargetProperty{
		Arn: s.functions[function].FunctionArn(), RoleArn: role.RoleArn(),
		// What one run misses the next one does.
		RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{MaximumRetryAttempts: jsii.Number(0), MaximumEventAgeInSeconds: jsii.Number(60)},
	}
	if input != nil {
		body, err := json.Marshal(input)
		if err != nil {
			panic("BUG: encode the input of schedule " + id + ": " + err.Error())
		}
		target.Input = jsii.String(string(body))
	}
	awsscheduler.NewCfnSchedule(s.Stack, &id, &awsscheduler.CfnScheduleProps{
		Description:        jsii.String("starts " + function),
		ScheduleExpression: &rate,
		FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target:             target,
	}).ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
}
