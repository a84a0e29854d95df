// Command query-worker is the Lambda function that answers parts of queries.
// The function query invokes it, many at a time.
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
	settings, env, err := aws.Load(ctx, config.LoadQueryWorker, config.EnvBucket)
	if err != nil {
		return nil, err
	}
	return assembly.QueryWorker(aws.Host(settings.LogLevel), settings, env.Store())
}
