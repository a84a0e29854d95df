// Command compact is the Lambda function that merges blocks: one job of the queue that
// compact-plan fills. An event source mapping of SQS starts it, with a batch size
// of 1, ReportBatchItemFailures, and a maximum concurrency that bounds how much is
// merged at once.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/pyrocumulus/pyrocumulus/functions/aws"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
)

func main() {
	function, err := assemble(context.Background())
	aws.Start(function, err, lambda.Start)
}

func assemble(ctx context.Context) (any, error) {
	settings, env, err := aws.Load(ctx, config.LoadCompact, config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvJobsURL)
	if err != nil {
		return nil, err
	}
	job, err := assembly.Compact(aws.Host(settings.LogLevel), settings, env.Store(), env.Index(), env.Jobs(), env.Records())
	if err != nil {
		return nil, err
	}
	return lambdahost.SQS(job), nil
}
