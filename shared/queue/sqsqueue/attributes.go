package sqsqueue

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// MaxReceives is after how many receives without a delete SQS moves a message
// to the queue of dead letters. What cannot be read is stored and deleted by
// who receives it, so only what crashes its receiver over and over gets there.
// It is generous because the messages around such a one count along with it.
const MaxReceives = 20

// deadLetterRetention is the longest that SQS offers: somebody has to notice.
const deadLetterRetention = 14 * 24 * time.Hour

// Attributes are those with which the queue is made, for whoever makes it.
// Messages that were received MaxReceives times go to the queue with the ARN
// deadLetters, which must be a FIFO queue; with "" they stay.
func Attributes(deadLetters string) map[string]string {
	a := fifo(queue.Retention)
	if deadLetters != "" {
		policy, _ := json.Marshal(map[string]string{ // strings cannot fail
			"deadLetterTargetArn": deadLetters, "maxReceiveCount": strconv.Itoa(MaxReceives),
		})
		a["RedrivePolicy"] = string(policy)
	}
	return a
}

// DeadLetterAttributes are those of the queue of dead letters.
func DeadLetterAttributes() map[string]string { return fifo(deadLetterRetention) }

func fifo(retention time.Duration) map[string]string {
	return map[string]string{
		"FifoQueue":                     "true",
		"DeduplicationScope":            "messageGroup",
		"FifoThroughputLimit":           "perMessageGroupId",
		"ReceiveMessageWaitTimeSeconds": "0",
		"MaximumMessageSize":            strconv.Itoa(queue.MaxBatchBytes),
		"MessageRetentionPeriod":        fmt.Sprint(int64(retention / time.Second)),
	}
}
