// Command query is the Lambda function that answers queries.
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
	settings, env, err := aws.Load(ctx, config.LoadQuery, config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvWorker)
	if err != nil {
		return nil, err
	}
	workers := env.Workers()
	return assembly.Query(aws.Host(settings.LogLevel), settings, assembly.QueryParts{
		Store: env.Store(), Index: env.Index(), Records: env.Records(), Workers: workers, Starter: workers,
	})
}
