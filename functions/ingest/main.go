// Command ingest is the Lambda function that takes profiles in: HTTP requests
// in, messages of the queue out.
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
	settings, env, err := aws.Load(ctx, config.LoadIngest, config.EnvBucket, config.EnvQueueURL, config.EnvRecords)
	if err != nil {
		return nil, err
	}
	return assembly.Ingest(aws.Host(settings.LogLevel), settings, env.Senders(), env.Store(), env.Presigner(), env.Records())
}
