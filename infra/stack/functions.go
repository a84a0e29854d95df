package stack

import (
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// The functions by name; scripts/build makes <name>.zip of each.
const (
	fnAuthorizer  = "authorizer"
	fnIngest      = "ingest"
	fnSegment     = "segment"
	fnCompactPlan = "compact-plan"
	fnCompact     = "compact"
	fnSweep       = "sweep"
	fnQuery       = "query"
	fnQueryWorker = "query-worker"
)

// function is how a function is deployed.
type function struct {
	name    string
	size    deployment.Function
	seconds int // until Lambda ends it
	// uses are the variables of the resources that its main asks for.
	uses []string
	// grants are what its role may do.
	grants func(*Stack, awsiam.Role)
}

func (s *Stack) functionTable() []function {
	z := s.config.Size
	small := deployment.Function{MemoryMB: 512}
	table := []function{
		// Workers come first: the query function is told the name of theirs.
		{fnQueryWorker, z.Worker, 30, []string{config.EnvBucket}, grantQueryWorker},
		{fnQuery, z.Query, 29, []string{config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvWorker}, grantQuery},
		{fnIngest, z.Ingest, 29, []string{config.EnvBucket, config.EnvQueueURL, config.EnvRecords}, grantIngest},
		{fnSegment, z.Segment, 120, []string{config.EnvBucket, config.EnvTable, config.EnvQueueURL}, grantSegment},
		{fnCompactPlan, small, 300, []string{config.EnvTable, config.EnvRecords, config.EnvJobsURL}, grantCompactPlan},
		{fnCompact, z.Compact, int(mergeTime.Seconds()) - 5, []string{config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvJobsURL}, grantCompact},
		{fnSweep, small, 840, []string{config.EnvBucket, config.EnvTable}, grantSweep},
	}
	if s.config.Auth == deployment.AuthToken {
		table = append(table, function{fnAuthorizer, deployment.Function{MemoryMB: 256}, 9, []string{config.EnvRecords}, grantAuthorizer})
	}
	return table
}

// functionNames are all functions that a stack of any configuration has.
func functionNames() []string {
	return []string{fnAuthorizer, fnIngest, fnSegment, fnCompactPlan, fnCompact, fnSweep, fnQuery, fnQueryWorker}
}

func (s *Stack) addFunctions() {
	for _, f := range s.functionTable() {
		s.functions[f.name] = s.addFunction(f)
	}
}

func (s *Stack) addFunction(f function) awslambda.Function {
	id := identifier(f.name)
	logs := awslogs.NewLogGroup(s.Stack, jsii.String(id+"Logs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(fmt.Sprintf("/%s/%s", s.config.Name, f.name)),
		Retention:     awslogs.RetentionDays(retentionOf(s.config.LogDays)),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	role := awsiam.NewRole(s.Stack, jsii.String(id+"Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("of the function " + f.name),
	})
	allow(role, []*string{logs.LogGroupArn()}, "logs:CreateLogStream", "logs:PutLogEvents")
	f.grants(s, role)
	props := &awslambda.FunctionProps{
		FunctionName: s.named(f.name),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         s.code(f.name),
		MemorySize:   jsii.Number(float64(f.size.MemoryMB)),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(float64(f.seconds))),
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
	if f.size.Reserved > 0 {
		props.ReservedConcurrentExecutions = jsii.Number(float64(f.size.Reserved))
	}
	return awslambda.NewFunction(s.Stack, &id, props)
}

// environment is what a function is told: the limit of its memory, its
// resources, and the settings that the user gave.
func (s *Stack) environment(f function) *map[string]*string {
	env := map[string]*string{
		// Garbage is collected before Lambda ends the process.
		"GOMEMLIMIT":            jsii.String(fmt.Sprintf("%dMiB", f.size.MemoryMB*9/10)),
		"PYROCUMULUS_RETENTION": jsii.String(s.config.Storage.Retention().String()),
		config.EnvMultitenancy:  jsii.String("true"),
		"AWS_LAMBDA_LOG_FORMAT": nil,
	}
	delete(env, "AWS_LAMBDA_LOG_FORMAT")
	resources := map[string]func() *string{
		config.EnvBucket:   s.storage.bucket.BucketName,
		config.EnvTable:    s.storage.index.TableName,
		config.EnvRecords:  s.storage.records.TableName,
		config.EnvQueueURL: func() *string { return joinRefs(s.queues.profiles) },
		config.EnvJobsURL:  s.queues.jobs.Ref,
		config.EnvWorker:   func() *string { return s.functions[fnQueryWorker].FunctionName() },
	}
	for _, name := range f.uses {
		env[name] = resources[name]()
	}
	for name, value := range maps.All(s.config.Settings) {
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

// identifier is the name of a function as a construct's: CompactPlan.
func identifier(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
