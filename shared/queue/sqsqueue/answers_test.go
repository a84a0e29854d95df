package sqsqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

// request is a call as it arrives at SQS.
type request struct {
	Operation         string
	QueueURL          string           `json:"QueueUrl"`
	Entries           []map[string]any `json:"Entries"`
	MaxMessages       int              `json:"MaxNumberOfMessages"`
	WaitTimeSeconds   int
	VisibilityTimeout int
	Attributes        []string `json:"MessageSystemAttributeNames"`
	QueueAttributes   []string `json:"AttributeNames"`
}

// serve answers every call so, and returns the calls that came.
func serve(t *testing.T, status int, code, answer string) (*sqsqueue.Queue, *[]request) {
	t.Helper()
	var got []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("read request: %v", err)
		}
		_, in.Operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		got = append(got, in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if code != "" {
			w.Header().Set("x-amzn-query-error", code+";Sender")
			answer = fmt.Sprintf(`{"__type": "com.amazonaws.sqs#%s", "message": "as the test wants it"}`, code)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return sqsqueue.New(sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: aws.NopRetryer{},
	}), "https://sqs.example/q.fifo"), &got
}

func messages(n int) []queue.Message {
	var batch []queue.Message
	for i := range n {
		batch = append(batch, queue.Message{Group: fmt.Sprint("g", i), DedupID: fmt.Sprint("d", i), Body: []byte{0xff, byte(i)}})
	}
	return batch
}

// calls are the ways to make a call with three entries.
func calls(q *sqsqueue.Queue) map[string]func(context.Context) []error {
	handles := []string{"h0", "h1", "h2"}
	return map[string]func(context.Context) []error{
		"SendMessageBatch":             func(ctx context.Context) []error { return q.Send(ctx, messages(3)) },
		"ChangeMessageVisibilityBatch": func(ctx context.Context) []error { return q.Extend(ctx, handles, time.Minute) },
		"DeleteMessageBatch":           func(ctx context.Context) []error { return q.Delete(ctx, handles) },
	}
}

// named is which error of the contract it is, or "other".
func named(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, queue.ErrBadEntry):
		return "ErrBadEntry"
	case errors.Is(err, queue.ErrHandle):
		return "ErrHandle"
	}
	return "other"
}

func TestErrorsOfEntries(t *testing.T) {
	const send, extend, del = "SendMessageBatch", "ChangeMessageVisibilityBatch", "DeleteMessageBatch"
	for _, tt := range []struct {
		code, message string
		want          map[string]string // by operation; those not named: other
	}{
		{"InvalidParameterValueException", "Value AQ== for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
			map[string]string{send: "ErrBadEntry", extend: "ErrHandle", del: "ErrHandle"}},
		{"InvalidParameterValue", "Value AQ== for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
			map[string]string{send: "ErrBadEntry", extend: "ErrHandle", del: "ErrHandle"}},
		{"InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
			map[string]string{send: "ErrBadEntry", extend: "ErrBadEntry", del: "ErrBadEntry"}},
		{"ReceiptHandleIsInvalid", "", map[string]string{extend: "ErrHandle", del: "ErrHandle"}},
		{"AWS.SimpleQueueService.MessageNotInflight", "", map[string]string{extend: "ErrHandle", del: "ErrHandle"}},
		{"InvalidMessageContents", "", map[string]string{send: "ErrBadEntry"}},
		{"MissingParameter", "", map[string]string{send: "ErrBadEntry"}},
		{"InternalError", "", nil},
		{"ServiceUnavailable", "", nil},
		{"KMS.AccessDeniedException", "", nil},
	} {
		failed, err := json.Marshal(map[string]any{"Id": "1", "Code": tt.code, "Message": tt.message, "SenderFault": true})
		require.NoError(t, err)
		answer := fmt.Sprintf(`{"Successful": [{"Id": "2"}, {"Id": "0"}], "Failed": [%s]}`, failed)
		q, got := serve(t, 200, "", answer)
		for operation, call := range calls(q) {
			*got = nil
			errs := call(t.Context())
			require.Equal(t, operation, (*got)[0].Operation)
			require.Len(t, errs, 3)
			require.NoError(t, errs[0])
			require.NoError(t, errs[2])
			want := tt.want[operation]
			if want == "" {
				want = "other"
			}
			require.Equal(t, want, named(errs[1]), "%s of %s: %v", tt.code, operation, errs[1])
			require.ErrorContains(t, errs[1], tt.code)
			require.ErrorContains(t, errs[1], tt.message)
		}
	}
}

func TestErrorsOfCalls(t *testing.T) {
	for code, want := range map[string]string{
		"AWS.SimpleQueueService.BatchRequestTooLong": "ErrBadEntry",
		"BatchRequestTooLong":                        "ErrBadEntry",
		"InvalidMessageContents":                     "ErrBadEntry",
		"AWS.SimpleQueueService.NonExistentQueue":    "other",
		"InvalidParameterValue":                      "other", // of the queue's address, say: no fault of the entries
		"AccessDenied":                               "other",
		"RequestThrottled":                           "other",
	} {
		q, _ := serve(t, 400, code, "")
		for operation, call := range calls(q) {
			errs := call(t.Context())
			require.Len(t, errs, 3)
			for _, err := range errs {
				require.Equal(t, want, named(err), "%s of %s: %v", code, operation, err)
				require.ErrorContains(t, err, code)
			}
		}
		got, err := q.Receive(t.Context(), 1, 0, time.Minute)
		require.ErrorContains(t, err, code)
		require.Empty(t, got)
	}
}

func TestEntriesWithoutResult(t *testing.T) {
	q, _ := serve(t, 200, "", `{"Successful": [{"Id": "0"}, {"Id": "7"}, {"Id": "x"}], "Failed": [{"Id": "2", "Code": "InternalError"}, {"Id": "9"}]}`)
	for operation, call := range calls(q) {
		errs := call(t.Context())
		require.Len(t, errs, 3, operation)
		require.NoError(t, errs[0])
		require.ErrorContains(t, errs[1], "no result")
		require.ErrorContains(t, errs[2], "InternalError")
	}
}

func TestCancelled(t *testing.T) {
	cause := errors.New("the reason of the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	q, _ := serve(t, 200, "", "{}")
	for _, call := range calls(q) {
		for _, err := range call(ctx) {
			require.ErrorIs(t, err, cause)
		}
	}
	_, err := q.Receive(ctx, 1, 0, time.Minute)
	require.ErrorIs(t, err, cause)
}

func TestDepth(t *testing.T) {
	q, got := serve(t, 200, "", `{"Attributes": {"ApproximateNumberOfMessages": "123"}}`)
	n, err := q.Depth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 123, n)
	require.Equal(t, "GetQueueAttributes", (*got)[0].Operation)
	require.Equal(t, []string{"ApproximateNumberOfMessages"}, (*got)[0].QueueAttributes)

	q, _ = serve(t, 200, "", `{"Attributes": {}}`)
	_, err = q.Depth(t.Context())
	require.ErrorContains(t, err, "no number")
	q, _ = serve(t, 400, "AccessDenied", "")
	_, err = q.Depth(t.Context())
	require.ErrorContains(t, err, "AccessDenied")
}
