// Command compact-plan is the Lambda function that looks for blocks to merge and puts
// jobs on a queue. A schedule starts it once a minute.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/pyrocumulus/pyrocumulus/functions/aws"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

func main() {
	function, err := assemble(context.Background())
	aws.Start(function, err, lambda.Start)
}

func assemble(ctx context.Context) (any, error) {
	settings, env, err := aws.Load(ctx, config.LoadCompactPlan, config.EnvTable, config.EnvRecords, config.EnvJobsURL)
	if err != nil {
		return nil, err
	}
	return assembly.CompactPlan(aws.Host(settings.LogLevel), settings, env.Index(), env.Jobs(), env.Records())
}
