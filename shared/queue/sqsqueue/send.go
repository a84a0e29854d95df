package sqsqueue

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Send is Sender's.
func (q *Queue) Send(ctx context.Context, batch []queue.Message) []error {
	const verb = "send message"
	if err := queue.CheckBatch(batch); err != nil {
		return refuse(len(batch), fmt.Errorf("%s: %w", verb, err))
	}
	r := newResults(verb, len(batch))
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.url}
	var ids []*string
	for i, m := range batch {
		id := idOf(i)
		if err := queue.CheckMessage(m); err != nil {
			r.set(id, err)
			continue
		}
		ids = append(ids, id)
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id:                     id,
			MessageBody:            aws.String(base64.StdEncoding.EncodeToString(m.Body)),
			MessageGroupId:         aws.String(m.Group),
			MessageDeduplicationId: aws.String(m.DedupID),
		})
	}
	if len(ids) == 0 {
		return r.list()
	}
	out, err := q.api.SendMessageBatch(ctx, in, withoutDigests)
	if err != nil {
		r.failAll(ctx, ids, err)
		return r.list()
	}
	var done []*string
	for i := range out.Successful {
		done = append(done, out.Successful[i].Id)
	}
	r.failSome(ids, done, out.Failed, meaningOfSend)
	return r.list()
}

// withoutDigests keeps the SDK from comparing digests; the package's page says
// why.
func withoutDigests(o *sqs.Options) { o.DisableMessageChecksumValidation = true }
