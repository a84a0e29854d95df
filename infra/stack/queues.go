package stack

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

// queues are those of profiles and of compaction jobs, each with its queue of
// dead letters.
type queues struct {
	profiles, profilesDead []awssqs.CfnQueue
	jobs, jobsDead         awssqs.CfnQueue
}

// jobReceives is how often a job is tried.
const jobReceives = 5

func newQueues(s *Stack) *queues {
	q := &queues{}
	for i := range s.config.Size.Queues {
		id := "Profiles"
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		live, dead := newQueue(s, id, sqsqueue.MaxReceives, 90*time.Second)
		q.profiles, q.profilesDead = append(q.profiles, live), append(q.profilesDead, dead)
	}
	q.jobs, q.jobsDead = newQueue(s, "Jobs", jobReceives, deployment.MergeTime)
	return q
}

// newQueue makes a queue with the attributes that the adapter asks for, in high
// throughput mode, and one for what was received too often.
func newQueue(s *Stack, id string, receives int, visibility time.Duration) (live, dead awssqs.CfnQueue) {
	dead = fifo(s, id+"DeadLetters", sqsqueue.DeadLetterAttributes(), nil, visibility)
	live = fifo(s, id, sqsqueue.Attributes(""), map[string]any{
		"deadLetterTargetArn": dead.AttrArn(), "maxReceiveCount": receives,
	}, visibility)
	return live, dead
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
