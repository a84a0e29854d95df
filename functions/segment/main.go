// Command segment is the Lambda function that drains the queues into segments.
// Schedules start it once a minute, with a segment.Turn as their event.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/pyrocumulus/pyrocumulus/functions/aws"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

func main() {
	function, err := assemble(context.Background())
	aws.Start(function, err, lambda.Start)
}

func assemble(ctx context.Context) (any, error) {
	settings, env, err := aws.Load(ctx, config.LoadSegment, config.EnvBucket, config.EnvTable, config.EnvQueueURL)
	if err != nil {
		return nil, err
	}
	idle := segment.DefaultSettings().IdleWait
	return assembly.Segment(aws.Host(settings.LogLevel), settings, idle, env.Drained(), env.Store(), env.Index())
}
