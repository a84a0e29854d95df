// Package aws makes the adapters that the functions use on AWS. Regions,
// credentials and endpoints come from the environment, as everywhere with the
// AWS SDK; AWS_ENDPOINT_URL points all of them at an emulator.
package aws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdklambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/lambdabackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Environment is what a function finds when it starts.
type Environment struct {
	config.Resources
	sdk sdk.Config
}

// Load reads the environment: the settings of the function by load, and the
// names of the resources that it needs. All problems are reported at once.
func Load[S any](ctx context.Context, load func(config.Lookup) (S, error), resources ...string) (S, Environment, error) {
	settings, settingsErr := load(os.LookupEnv)
	names, namesErr := config.LoadResources(os.LookupEnv, resources...)
	cfg, sdkErr := sdkconfig.LoadDefaultConfig(ctx)
	if sdkErr != nil {
		sdkErr = fmt.Errorf("load the configuration of the AWS SDK: %w", sdkErr)
	}
	return settings, Environment{names, cfg}, errors.Join(settingsErr, namesErr, sdkErr)
}

// Store returns the object store; it needs config.EnvBucket.
func (e Environment) Store() *s3store.Store {
	return s3store.New(s3.NewFromConfig(e.sdk, s3store.Configure), e.Bucket)
}

// Presigner makes URLs for uploads to the object store; it needs
// config.EnvBucket.
func (e Environment) Presigner() *s3store.Presigner {
	return s3store.NewPresigner(s3.NewFromConfig(e.sdk, s3store.Configure), e.Bucket)
}

// Index returns the block index; it needs config.EnvTable.
func (e Environment) Index() *dynamoindex.Index {
	return dynamoindex.New(dynamodb.NewFromConfig(e.sdk), e.Table)
}

// Records returns the record store; it needs config.EnvRecords.
func (e Environment) Records() *dynamorecords.Store {
	return dynamorecords.New(dynamodb.NewFromConfig(e.sdk), e.RecordsTable, dynamorecords.Options{})
}

// Senders returns the queues to send to; it needs config.EnvQueueURL.
func (e Environment) Senders() []queue.Sender {
	var out []queue.Sender
	for _, url := range e.QueueURLs() {
		out = append(out, sqsqueue.New(sqs.NewFromConfig(e.sdk), url))
	}
	return out
}

// Drained returns the queues to receive from; it needs config.EnvQueueURL.
func (e Environment) Drained() []assembly.Drained {
	var out []assembly.Drained
	for _, url := range e.QueueURLs() {
		out = append(out, sqsqueue.New(sqs.NewFromConfig(e.sdk), url))
	}
	return out
}

// Workers returns the query workers; it needs config.EnvWorker and
// config.EnvBucket.
func (e Environment) Workers() *lambdabackend.Backend {
	return lambdabackend.New(sdklambda.NewFromConfig(e.sdk, lambdabackend.Configure), e.Worker, e.Store(), time.Now)
}

// Jobs returns the queue of compaction jobs; it needs config.EnvJobsURL.
func (e Environment) Jobs() *sqsqueue.Queue {
	return sqsqueue.New(sqs.NewFromConfig(e.sdk), e.JobsURL)
}

// Host is how functions are hosted on Lambda: logs and metrics are lines of
// JSON on the standard streams.
func Host(level slog.Level) assembly.Host {
	return assembly.Host{Log: telemetry.NewLogger(os.Stderr, level), Metrics: os.Stdout, Now: time.Now}
}

// Start runs a function that was put together, or says why it could not be and
// ends the process, which Lambda reports as a failed start.
func Start(function any, err error, start func(any)) {
	if err != nil {
		telemetry.NewLogger(os.Stderr, slog.LevelInfo).Error("start function", telemetry.Err(err))
		os.Exit(1)
	}
	start(function)
}
