package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// sqsEvent is what Lambda hands over: three messages, one without attributes.
const sqsEvent = `{"Records": [
	{"messageId": "m1", "receiptHandle": "h1", "body": "am9iIDE=", "attributes": {"ApproximateReceiveCount": "3",
		"SentTimestamp": "1790000000123", "SequenceNumber": "18849496460467696128", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
		"messageAttributes": {}, "md5OfBody": "x", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:jobs.fifo", "awsRegion": "eu-west-1"},
	{"messageId": "m2", "receiptHandle": "h2", "body": "not base64", "attributes": {"ApproximateReceiveCount": "1"}},
	{"messageId": "m3", "receiptHandle": "h3", "body": "am9iIDM=", "attributes": {}}]}`

func TestSQSReportsTheMessagesThatFailed(t *testing.T) {
	var log bytes.Buffer
	var got []queue.Delivery
	f := lambdahost.Message(func(_ context.Context, d queue.Delivery) error {
		got = append(got, d)
		switch d.Handle {
		case "h1":
			return errors.New("no luck")
		case "h2":
			panic("worse")
		}
		return nil
	}, lambdahost.Options{Function: "compact", Logger: telemetry.NewLogger(&log, slog.LevelInfo)})
	answer, err := lambda.NewHandler(lambdahost.SQS(f)).Invoke(t.Context(), []byte(sqsEvent))
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}`, string(answer))
	require.Equal(t, []queue.Delivery{
		{
			Message: queue.Message{Group: "g", DedupID: "d", Body: []byte("job 1")}, Handle: "h1",
			Sequence: "18849496460467696128", Receives: 3, SentAt: time.UnixMilli(1790000000123),
		},
		{Message: queue.Message{Body: []byte("not base64")}, Handle: "h2", Receives: 1},
		{Message: queue.Message{Body: []byte("job 3")}, Handle: "h3", Receives: 2},
	}, got)
	require.Contains(t, log.String(), "no luck")
	require.Contains(t, log.String(), "panic: worse")

	answer, err = lambda.NewHandler(lambdahost.SQS(f)).Invoke(t.Context(), []byte(`{"Records": []}`))
	require.NoError(t, err)
	var response struct{ BatchItemFailures []any }
	require.NoError(t, json.Unmarshal(answer, &response))
	require.Empty(t, response.BatchItemFailures)
}
