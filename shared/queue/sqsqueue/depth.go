package sqsqueue

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Depth is Gauge's. SQS counts the messages of locked groups, and is right
// within a minute.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	const attribute = types.QueueAttributeNameApproximateNumberOfMessages
	out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{attribute},
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return 0, fmt.Errorf("count messages: %w", err)
	}
	n, err := strconv.Atoi(out.Attributes[string(attribute)])
	if err != nil {
		return 0, fmt.Errorf("count messages: the answer has no number: %w", err)
	}
	return n, nil
}
