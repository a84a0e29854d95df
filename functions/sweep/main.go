// Command sweep is the Lambda function that deletes what nobody needs any more. A
// schedule starts it every ten minutes.
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
	settings, env, err := aws.Load(ctx, config.LoadSweep, config.EnvBucket, config.EnvTable, config.EnvRecords)
	if err != nil {
		return nil, err
	}
	return assembly.Sweep(aws.Host(settings.LogLevel), settings, env.Store(), env.Index(), env.Records())
}
