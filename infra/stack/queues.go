package stack

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

// queues are those of profiles and of compaction jobs, each with its queue of
// dead letters.
type queues struct {
	profiles []awssqs.CfnQueue
	jobs     awssqs.CfnQueue
	byID     map[string]awssqs.CfnQueue // all of them, with dead letters, by their ids in the stack
}

// jobReceives is how often a job is tried.
const jobReceives = 5

func newQueues(s *Stack) *queues {
	q := &queues{byID: make(map[string]awssqs.CfnQueue)}
	for _, id := range monitoring.ProfileQueues(s.config) {
		q.profiles = append(q.profiles, q.add(s, id, sqsqueue.MaxReceives, 90*time.Second))
	}
	q.jobs = q.add(s, monitoring.QueueJobs, jobReceives, deployment.MergeTime)
	return q
}

// add makes a queue with the attributes that the adapter asks for, in high
// throughput mode, and one for what was received too often.
func (q *queues) add(s *Stack, id string, receives int, visibility time.Duration) awssqs.CfnQueue {
	deadID := id + monitoring.DeadLetters
	dead := fifo(s, deadID, sqsqueue.DeadLetterAttributes(), nil, visibility)
	live := fifo(s, id, sqsqueue.Attributes(""), map[string]any{
		"deadLetterTargetArn": dead.AttrArn(), "maxReceiveCount": receives,
	}, visibility)
	q.byID[id], q.byID[deadID] = live, dead
	return live
}

func fifo(s *Stack, id string, a map[string]string, redrive any, visibility time.Duration) awssqs.CfnQueue {
	number := func(name string) *float64 {
		n, err := strconv.ParseFloat(a[name], 64)
		if err != nil {
			panic("BUG: attribute " + name + " of queues is no number: " + a[name])
		}
		return &n
	}
	q := awssqs.NewCfnQueue(s.Stack, &id, &awssqs.CfnQueueProps{
		FifoQueue:              jsii.Bool(true),
		DeduplicationScope:     jsii.String(a["DeduplicationScope"]),
		FifoThroughputLimit:    jsii.String(a["FifoThroughputLimit"]),
		MaximumMessageSize:     number("MaximumMessageSize"),
		MessageRetentionPeriod: number("MessageRetentionPeriod"),
		VisibilityTimeout:      jsii.Number(visibility.Seconds()),
		SqsManagedSseEnabled:   jsii.Bool(true),
		RedrivePolicy:          redrive,
	})
	awssqs.NewCfnQueuePolicy(s.Stack, jsii.String(id+"Policy"), &awssqs.CfnQueuePolicyProps{
		Queues: &[]*string{q.Ref()},
		PolicyDocument: map[string]any{
			"Version": "2012-10-17",
			"Statement": []any{map[string]any{
				"Sid": "TLSOnly", "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Action": "sqs:*",
				"Resource":  q.AttrArn(),
				"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
			}},
		},
	})
	q.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	return q
}

func arns(queues []awssqs.CfnQueue) []*string {
	var out []*string
	for _, q := range queues {
		out = append(out, q.AttrArn())
	}
	return out
}
