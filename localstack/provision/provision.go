package provision

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// tableWait is how long a table may take until it can be used.
const tableWait = time.Minute

// jobLease is how long a compaction job is hidden when Lambda receives it: as
// PYROCUMULUS_JOB_LEASE is by default.
const jobLease = 2 * time.Minute

// Names are those of the resources.
type Names struct {
	Bucket, Table, RecordsTable string
	Queue, DeadLetters, Jobs    string // end in .fifo, as SQS wants it
}

// NamesFor returns names that begin with prefix, which is of lower-case letters,
// digits and hyphens, as the names of buckets are.
func NamesFor(prefix string) Names {
	return Names{
		Bucket: prefix + "-blocks", Table: prefix + "-index", RecordsTable: prefix + "-records",
		Queue: prefix + "-profiles.fifo", DeadLetters: prefix + "-dead-letters.fifo", Jobs: prefix + "-jobs.fifo",
	}
}

// Provisioned are the resources that were made or found.
type Provisioned struct {
	config.Resources
	DeadLettersURL string
}

// Environment is what tells functions of the resources, as NAME=value.
func (p Provisioned) Environment() []string {
	return []string{
		config.EnvBucket + "=" + p.Bucket, config.EnvTable + "=" + p.Table,
		config.EnvRecords + "=" + p.RecordsTable, config.EnvQueueURL + "=" + p.QueueURL,
		config.EnvJobsURL + "=" + p.JobsURL,
	}
}

// Options are for emulators that do not take what AWS takes.
type Options struct {
	// MaxMessageBytes is the largest message of the queues, in bytes as it
	// travels; 0 is for that of AWS. MiniStack takes 262144 at most.
	MaxMessageBytes int
}

// Create makes what is not there yet of the resources, in the region and at the
// endpoints of cfg. Queues that are there with other attributes are an error.
func Create(ctx context.Context, cfg aws.Config, n Names, o Options) (Provisioned, error) {
	p := Provisioned{Resources: config.Resources{Bucket: n.Bucket, Table: n.Table, RecordsTable: n.RecordsTable}}
	if err := createBucket(ctx, s3.NewFromConfig(cfg, s3store.Configure), n.Bucket, cfg.Region); err != nil {
		return p, fmt.Errorf("create bucket %s: %w", n.Bucket, err)
	}
	db := dynamodb.NewFromConfig(cfg)
	for _, in := range []*dynamodb.CreateTableInput{dynamoindex.Table(n.Table), dynamorecords.Table(n.RecordsTable)} {
		if err := createTable(ctx, db, in); err != nil {
			return p, fmt.Errorf("create table %s: %w", *in.TableName, err)
		}
	}
	if err := expire(ctx, db, n.RecordsTable); err != nil {
		return p, fmt.Errorf("set time to live of table %s: %w", n.RecordsTable, err)
	}
	client := sqs.NewFromConfig(cfg)
	var err error
	if p.QueueURL, p.DeadLettersURL, err = Queues(ctx, client, n, o); err != nil {
		return p, err
	}
	// Jobs that fail too often are set aside by who does them.
	attributes := sqsqueue.Attributes("")
	attributes["VisibilityTimeout"] = strconv.Itoa(int(jobLease / time.Second))
	p.JobsURL, err = createQueue(ctx, client, n.Jobs, attributes, o)
	return p, err
}

func createBucket(ctx context.Context, client *s3.Client, name, region string) error {
	in := &s3.CreateBucketInput{Bucket: &name}
	if region != "us-east-1" { // which S3 refuses to be told
		in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}
	}
	_, err := client.CreateBucket(ctx, in)
	var owned *s3types.BucketAlreadyOwnedByYou
	if errors.As(err, &owned) {
		return nil
	}
	return err
}

func createTable(ctx context.Context, client *dynamodb.Client, in *dynamodb.CreateTableInput) error {
	_, err := client.CreateTable(ctx, in)
	var there *dynamodbtypes.ResourceInUseException
	if err != nil && !errors.As(err, &there) {
		return err
	}
	return dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond }).
		Wait(ctx, &dynamodb.DescribeTableInput{TableName: in.TableName}, tableWait)
}

// expire sets time to live; doing so again is refused.
func expire(ctx context.Context, client *dynamodb.Client, table string) error {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return err
	}
	if d := out.TimeToLiveDescription; d != nil && aws.ToString(d.AttributeName) != "" {
		return nil
	}
	_, err = client.UpdateTimeToLive(ctx, dynamorecords.TimeToLive(table))
	return err
}

// Queues makes the queue of profiles and that of dead letters only, and returns their URLs.
func Queues(ctx context.Context, client *sqs.Client, n Names, o Options) (url, deadLetters string, err error) {
	if deadLetters, err = createQueue(ctx, client, n.DeadLetters, sqsqueue.DeadLetterAttributes(), o); err != nil {
		return "", "", err
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &deadLetters, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn}})
	if err != nil {
		return "", "", fmt.Errorf("read the ARN of queue %s: %w", n.DeadLetters, err)
	}
	arn := out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)]
	url, err = createQueue(ctx, client, n.Queue, sqsqueue.Attributes(arn), o)
	return url, deadLetters, err
}

func createQueue(ctx context.Context, client *sqs.Client, name string, attributes map[string]string, o Options) (string, error) {
	if o.MaxMessageBytes > 0 {
		attributes["MaximumMessageSize"] = strconv.Itoa(o.MaxMessageBytes)
	}
	out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", fmt.Errorf("create queue %s: %w", name, err)
	}
	return aws.ToString(out.QueueUrl), nil
}
