package sqsqueue

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// sequenceDigits is how many digits a number of 128 bits has.
const sequenceDigits = 39

// Receive is Receiver's.
func (q *Queue) Receive(ctx context.Context, max int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	if err := queue.CheckReceive(max, wait, visibility); err != nil {
		return nil, fmt.Errorf("receive messages: %w", err)
	}
	out, err := q.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:            &q.url,
		MaxNumberOfMessages: int32(max),
		WaitTimeSeconds:     int32(wait / time.Second),
		VisibilityTimeout:   seconds(visibilityOrLeast(visibility)),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount,
			types.MessageSystemAttributeNameMessageDeduplicationId,
			types.MessageSystemAttributeNameMessageGroupId,
			types.MessageSystemAttributeNameSentTimestamp,
			types.MessageSystemAttributeNameSequenceNumber,
		},
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("receive messages: %w", err)
	}
	var ds []queue.Delivery
	for i := range out.Messages {
		ds = append(ds, deliveryOf(&out.Messages[i]))
	}
	return ds, nil
}

// visibilityOrLeast: the SDK leaves out a timeout of 0, and SQS takes the
// queue's then.
func visibilityOrLeast(d time.Duration) time.Duration { return max(d, time.Second) }

func deliveryOf(m *types.Message) queue.Delivery {
	attribute := func(name types.MessageSystemAttributeName) string { return m.Attributes[string(name)] }
	sequence := attribute(types.MessageSystemAttributeNameSequenceNumber)
	d := queue.Delivery{
		Message: queue.Message{
			Group:   attribute(types.MessageSystemAttributeNameMessageGroupId),
			DedupID: attribute(types.MessageSystemAttributeNameMessageDeduplicationId),
			Body:    bodyOf(aws.ToString(m.Body)),
		},
		Handle:   aws.ToString(m.ReceiptHandle),
		Sequence: strings.Repeat("0", max(sequenceDigits-len(sequence), 0)) + sequence,
	}
	// Without a count it is not certain that this is the first time.
	d.Receives = 2
	if n, err := strconv.Atoi(attribute(types.MessageSystemAttributeNameApproximateReceiveCount)); err == nil && n > 0 {
		d.Receives = queue.Receives(d.DedupID, n)
	}
	if ms, err := strconv.ParseInt(attribute(types.MessageSystemAttributeNameSentTimestamp), 10, 64); err == nil {
		d.SentAt = time.UnixMilli(ms)
	}
	return d
}

// bodyOf is what was sent as this text.
func bodyOf(text string) []byte {
	body, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return []byte(text)
	}
	return body
}
