package emulators

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

func TestQueue(t *testing.T) {
	address := endpoint(t, "PYROCUMULUS_SQS_ENDPOINT")
	if !inner() {
		compare(t, "MiniStack")
		return
	}
	client := sqs.NewFromConfig(awsConfig(t, address))
	run, n := time.Now().UnixNano(), atomic.Int64{}
	queuetest.Run(t, func(t *testing.T) queuetest.Harness {
		out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{
			QueueName: aws.String(fmt.Sprintf("test-%d-%d.fifo", run, n.Add(1))),
			// As sqsqueue wants it, but for MaximumMessageSize: MiniStack takes
			// 256 KiB at most.
			Attributes: map[string]string{
				"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
				"MessageRetentionPeriod": "345600",
			},
		})
		require.NoError(t, err)
		return queuetest.Harness{Queue: sqsqueue.New(client, *out.QueueUrl)}
	})
}
