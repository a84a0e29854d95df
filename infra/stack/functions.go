package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// grants are what the roles of functions may do, by name.
func grants() map[string]func(*Stack, awsiam.Role) {
	return map[string]func(*Stack, awsiam.Role){
		deployment.QueryWorker: grantQueryWorker, deployment.Query: grantQuery, deployment.Ingest: grantIngest,
		deployment.Segment: grantSegment, deployment.CompactPlan: grantCompactPlan, deployment.Compact: grantCompact,
		deployment.Sweep: grantSweep,
	}
}

func (s *Stack) addFunctions() {
	for _, f := range s.config.Functions() {
		s.functions[f.Name] = s.addFunction(f)
	}
}

func (s *Stack) addFunction(f deployment.Deployed) awslambda.Function {
	id := monitoring.Identifier(f.Name)
	logs := awslogs.NewLogGroup(s.Stack, jsii.String(id+"Logs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(fmt.Sprintf("/%s/%s", s.config.Name, f.Name)),
		Retention:     awslogs.RetentionDays(retentionOf(s.config.LogDays)),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	role := awsiam.NewRole(s.Stack, jsii.String(id+"Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("of the function " + f.Name),
	})
	allow(role, []*string{logs.LogGroupArn()}, "logs:CreateLogStream", "logs:PutLogEvents")
	grants()[f.Name](s, role)
	props := &awslambda.FunctionProps{
		FunctionName: s.named(f.Name),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         s.code(f.Name),
		MemorySize:   jsii.Number(float64(f.MemoryMB)),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(f.Timeout.Seconds())),
		Role:         role,
		LogGroup:     logs,
		Environment:  s.environment(f),
		// Lambda's own lines of start and end of each invocation cost more than ours.
		LoggingFormat:         awslambda.LoggingFormat_JSON,
		SystemLogLevelV2:      awslambda.SystemLogLevel_WARN,
		ApplicationLogLevelV2: awslambda.ApplicationLogLevel_DEBUG,
		RetryAttempts:         jsii.Number(0), // schedules and the queue start it again
		RecursiveLoop:         awslambda.RecursiveLoop_TERMINATE,
	}
	if f.Reserved > 0 {
		props.ReservedConcurrentExecutions = jsii.Number(float64(f.Reserved))
	}
	return awslambda.NewFunction(s.Stack, &id, props)
}

// environment is what a function is told: the limit of its memory, its
// resources, and its settings.
func (s *Stack) environment(f deployment.Deployed) *map[string]*string {
	env := map[string]*string{
		// Garbage is collected before Lambda ends the process.
		"GOMEMLIMIT": jsii.String(fmt.Sprintf("%dMiB", f.MemoryMB*9/10)),
	}
	resources := map[string]func() *string{
		config.EnvBucket:   s.storage.bucket.BucketName,
		config.EnvTable:    s.storage.index.TableName,
		config.EnvRecords:  s.storage.records.TableName,
		config.EnvQueueURL: func() *string { return joinRefs(s.queues.profiles) },
		config.EnvJobsURL:  s.queues.jobs.Ref,
		config.EnvWorker:   func() *string { return s.functions[deployment.QueryWorker].FunctionName() },
	}
	for _, name := range f.Resources {
		env[name] = resources[name]()
	}
	for name, value := range f.Settings {
		env[name] = jsii.String(value)
	}
	return &env
}

func joinRefs(queues []awssqs.CfnQueue) *string {
	var urls []*string
	for _, q := range queues {
		urls = append(urls, q.Ref())
	}
	return awscdk.Fn_Join(jsii.String(","), &urls)
}
