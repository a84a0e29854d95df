package sqsqueue_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

func TestWhatIsSent(t *testing.T) {
	// The digest is that of another body, as of a message deduplicated.
	q, got := serve(t, 200, "", `{"Successful": [{"Id": "0", "MD5OfMessageBody": "900150983cd24fb0d6963f7d28e17f72"}, {"Id": "2"}]}`)
	batch := messages(3)
	batch[1].Body = nil
	errs := q.Send(t.Context(), batch)
	require.Len(t, errs, 3)
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], queue.ErrBadEntry)
	require.NoError(t, errs[2])
	require.Len(t, *got, 1)
	require.Equal(t, "https://sqs.example/q.fifo", (*got)[0].QueueURL)
	require.Equal(t, []map[string]any{
		{"Id": "0", "MessageBody": "/wA=", "MessageGroupId": "g0", "MessageDeduplicationId": "d0"},
		{"Id": "2", "MessageBody": "/wI=", "MessageGroupId": "g2", "MessageDeduplicationId": "d2"},
	}, (*got)[0].Entries)

	require.Nil(t, q.Send(t.Context(), messages(1)))
}

func TestWhatIsExtendedAndDeleted(t *testing.T) {
	q, got := serve(t, 200, "", `{"Successful": [{"Id": "0"}, {"Id": "2"}]}`)
	for visibility, want := range map[time.Duration]float64{
		0: 0, 1: 1, time.Second: 1, 1500 * time.Millisecond: 2, queue.MaxVisibility: 43200,
	} {
		*got = nil
		errs := q.Extend(t.Context(), []string{"a", "no handle", "b"}, visibility)
		require.ErrorIs(t, errs[1], queue.ErrHandle)
		require.Equal(t, []map[string]any{
			{"Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": want},
			{"Id": "2", "ReceiptHandle": "b", "VisibilityTimeout": want},
		}, (*got)[0].Entries)
	}
	*got = nil
	errs := q.Delete(t.Context(), []string{"a", "", "b"})
	require.ErrorIs(t, errs[1], queue.ErrHandle)
	require.Equal(t, []map[string]any{{"Id": "0", "ReceiptHandle": "a"}, {"Id": "2", "ReceiptHandle": "b"}}, (*got)[0].Entries)
}

func TestNothingGoodIsNotSent(t *testing.T) {
	q, got := serve(t, 200, "", "{}")
	require.ErrorIs(t, queue.First(q.Delete(t.Context(), []string{"a", "a"})), queue.ErrBadEntry)
	require.ErrorIs(t, queue.First(q.Extend(t.Context(), []string{"\x00"}, time.Minute)), queue.ErrHandle)
	require.ErrorIs(t, queue.First(q.Send(t.Context(), []queue.Message{{}})), queue.ErrBadEntry)
	require.Empty(t, *got)
}

func TestWhatIsReceived(t *testing.T) {
	body := base64.StdEncoding.EncodeToString([]byte("\x00\xff"))
	q, got := serve(t, 200, "", `{"Messages": [
		{"Body": "`+body+`", "ReceiptHandle": "h", "MessageId": "m", "Attributes": {"ApproximateReceiveCount": "1", "SequenceNumber": "18849496460467696128",
			"MessageGroupId": "g", "MessageDeduplicationId": "d", "SentTimestamp": "1790000000123"}},
		{"Body": "no base64!", "ReceiptHandle": "i", "Attributes": {"SequenceNumber": "7"}}
	]}`)
	ds, err := q.Receive(t.Context(), 10, 1900*time.Millisecond, 1500*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, []queue.Delivery{
		{
			Message: queue.Message{Group: "g", DedupID: "d", Body: []byte("\x00\xff")}, Handle: "h",
			Sequence: "000000000000000000018849496460467696128", Receives: 1, SentAt: time.UnixMilli(1790000000123),
		},
		{
			Message: queue.Message{Body: []byte("no base64!")}, Handle: "i",
			Sequence: "000000000000000000000000000000000000007", Receives: 2,
		},
	}, ds)
	in := (*got)[0]
	require.Equal(t, "ReceiveMessage", in.Operation)
	require.Equal(t, 10, in.MaxMessages)
	require.Equal(t, 1, in.WaitTimeSeconds)
	require.Equal(t, 2, in.VisibilityTimeout)
	require.Len(t, in.Attributes, 5)

	_, err = q.Receive(t.Context(), 1, 0, 0)
	require.NoError(t, err)
	require.Equal(t, 1, (*got)[1].VisibilityTimeout, "0 would be the queue's own")
}

func TestNoMessages(t *testing.T) {
	q, _ := serve(t, 200, "", `{}`)
	ds, err := q.Receive(t.Context(), 10, 0, time.Minute)
	require.NoError(t, err)
	require.Empty(t, ds)
}
