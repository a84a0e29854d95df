package sqsqueue

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// settled is what SQS says of a call with handles: the ids of the entries that
// are done and the errors of the others.
type settled struct {
	done   []*string
	failed []types.BatchResultErrorEntry
}

// settle makes a call with the handles that may be good ones.
func settle(ctx context.Context, verb string, handles []string, call func(good []int) (settled, error)) []error {
	if err := queue.CheckCount(len(handles)); err != nil {
		return refuse(len(handles), fmt.Errorf("%s: %w", verb, err))
	}
	r := newResults(verb, len(handles))
	var good []int
	var ids []*string
	for i := range handles {
		id := idOf(i)
		if err := checkHandle(handles, i); err != nil {
			r.set(id, err)
			continue
		}
		good, ids = append(good, i), append(ids, id)
	}
	if len(ids) == 0 {
		return r.list()
	}
	got, err := call(good)
	if err != nil {
		r.failAll(ctx, ids, err)
		return r.list()
	}
	r.failSome(ids, got.done, got.failed, meaningOfHandle)
	return r.list()
}

// Extend is Receiver's.
func (q *Queue) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	const verb = "extend visibility timeout"
	if err := queue.CheckVisibility(visibility); err != nil {
		return refuse(len(handles), fmt.Errorf("%s: %w", verb, err))
	}
	return settle(ctx, verb, handles, func(good []int) (s settled, err error) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url}
		for _, i := range good {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: idOf(i), ReceiptHandle: &handles[i], VisibilityTimeout: seconds(visibility),
			})
		}
		out, err := q.api.ChangeMessageVisibilityBatch(ctx, in)
		if err != nil {
			return s, err
		}
		for i := range out.Successful {
			s.done = append(s.done, out.Successful[i].Id)
		}
		s.failed = out.Failed
		return s, nil
	})
}

// Delete is Receiver's.
func (q *Queue) Delete(ctx context.Context, handles []string) []error {
	return settle(ctx, "delete message", handles, func(good []int) (s settled, err error) {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
		for _, i := range good {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{
				Id: idOf(i), ReceiptHandle: &handles[i],
			})
		}
		out, err := q.api.DeleteMessageBatch(ctx, in)
		if err != nil {
			return s, err
		}
		for i := range out.Successful {
			s.done = append(s.done, out.Successful[i].Id)
		}
		s.failed = out.Failed
		return s, nil
	})
}
