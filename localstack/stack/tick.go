package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// Tick starts the functions that have a schedule, with its event, until ctx
// ends: those of the deployment of size small, in which period is a minute.
func Tick(ctx context.Context, h *runtimeapi.Host, period time.Duration, log *slog.Logger) {
	var wg sync.WaitGroup
	for _, each := range deployment.Default().Schedules() {
		wg.Go(func() {
			var event json.RawMessage
			var err error
			if each.Event != nil {
				event, err = json.Marshal(each.Event)
			}
			if err == nil {
				err = h.Every(ctx, each.Function, period*(each.Every/time.Minute), event)
			}
			if err != nil {
				log.ErrorContext(ctx, "schedule ended", "function", each.Function, "err", err)
			}
		})
	}
	wg.Wait()
}

const (
	// mappingWait is the longest that SQS keeps a call waiting for a message.
	mappingWait = 20 * time.Second
	// mappingPause is the wait after a call that failed.
	mappingPause = time.Second
)

// Map gives the messages of the queue to the compact function until ctx ends, as
// an event source mapping of SQS does that has a batch size of 1 and
// ReportBatchItemFailures: one that the function has done is deleted, others
// come again.
func Map(ctx context.Context, h *runtimeapi.Host, cfg aws.Config, queueURL string, log *slog.Logger) {
	client := sqs.NewFromConfig(cfg)
	var wg sync.WaitGroup
	for range compactors {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := mapOne(ctx, h, client, queueURL); err != nil && ctx.Err() == nil {
					log.WarnContext(ctx, "job is left on the queue", "err", err)
					select {
					case <-time.After(mappingPause):
					case <-ctx.Done():
					}
				}
			}
		})
	}
	wg.Wait()
}

// mapOne waits for a message and has it done.
func mapOne(ctx context.Context, h *runtimeapi.Host, client *sqs.Client, queueURL string) error {
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queueURL, MaxNumberOfMessages: 1, WaitTimeSeconds: int32(mappingWait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return fmt.Errorf("receive a job: %w", err)
	}
	for i := range out.Messages {
		m := &out.Messages[i]
		if err := do(ctx, h, m); err != nil {
			return fmt.Errorf("do job %s: %w", aws.ToString(m.MessageId), err)
		}
		_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queueURL, ReceiptHandle: m.ReceiptHandle})
		if err != nil {
			return fmt.Errorf("delete job %s: %w", aws.ToString(m.MessageId), err)
		}
	}
	return nil
}

// do invokes the function with the message; an error says that it is to stay.
func do(ctx context.Context, h *runtimeapi.Host, m *types.Message) error {
	event, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body),
		Md5OfBody: aws.ToString(m.MD5OfBody), Attributes: m.Attributes, EventSource: "aws:sqs",
	}}})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	result, err := h.Invoke(ctx, Compact, event)
	if err != nil {
		return err
	}
	if err := result.Err(); err != nil {
		return err
	}
	var answer events.SQSEventResponse
	if err := json.Unmarshal(result.Payload, &answer); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	if slices.ContainsFunc(answer.BatchItemFailures, func(f events.SQSBatchItemFailure) bool { return f.ItemIdentifier == aws.ToString(m.MessageId) }) {
		return errors.New("the function reports a failure")
	}
	return nil
}
