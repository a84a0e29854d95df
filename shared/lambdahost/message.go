package lambdahost

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// MessageFunc is a function that a queue's messages start, one at a time. A
// message whose call returned nil is to be deleted; the others come again.
type MessageFunc func(context.Context, queue.Delivery) error

// Message makes a function of f that is hosted like all others: an error, and a
// panic as an error, is logged and returned.
func Message(f MessageFunc, o Options) MessageFunc {
	h := newHost(o)
	return func(ctx context.Context, d queue.Delivery) error {
		inner, i := h.begin(ctx, "")
		if err := i.call(inner, func(ctx context.Context) error { return f(ctx, d) }); err != nil {
			i.metrics.Add(telemetry.MetricServerErrors, 1)
			i.end(inner, slog.LevelError, "message failed", telemetry.Err(err))
			return err
		}
		i.end(inner, slog.LevelInfo, "message done")
		return nil
	}
}

// SQSFunc is a Lambda function behind an event source mapping of SQS that has
// ReportBatchItemFailures.
type SQSFunc func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// SQS makes a Lambda function of f. Lambda deletes the messages that are not in
// the answer. With messages that are independent of each other one failing does
// not keep the rest of its batch from being done. A batch of one, which is what
// long work wants, gives each message the whole of the function's time.
func SQS(f MessageFunc) SQSFunc {
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		var out events.SQSEventResponse
		for i := range e.Records {
			if f(ctx, deliveryOf(&e.Records[i])) != nil {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[i].MessageId})
			}
		}
		return out, nil
	}
}

// deliveryOf reads a message that was sent through the contract of package
// queue, as its adapter for SQS would: bodies travel as base64, and one that is
// none is left for f to judge.
func deliveryOf(m *events.SQSMessage) queue.Delivery {
	body, err := base64.StdEncoding.Strict().DecodeString(m.Body)
	if err != nil {
		body = []byte(m.Body)
	}
	d := queue.Delivery{
		Message: queue.Message{Group: m.Attributes["MessageGroupId"], DedupID: m.Attributes["MessageDeduplicationId"], Body: body},
		Handle:  m.ReceiptHandle, Sequence: m.Attributes["SequenceNumber"],
		Receives: 2, // without a count it is not certain that this is the first time
	}
	if n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err == nil && n > 0 {
		d.Receives = n
	}
	if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
		d.SentAt = time.UnixMilli(ms)
	}
	return d
}
