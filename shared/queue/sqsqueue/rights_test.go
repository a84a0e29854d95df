package sqsqueue_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

// Every operation that the adapter may call is allowed by some method's rights,
// no right is left without an operation, and no method without rights.
func TestRights(t *testing.T) {
	actions := map[string][]string{
		"SendMessageBatch": {"sqs:SendMessage"}, "ReceiveMessage": {"sqs:ReceiveMessage"},
		"ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"}, "DeleteMessageBatch": {"sqs:DeleteMessage"},
		"GetQueueAttributes": {"sqs:GetQueueAttributes"},
	}
	var want, got []string
	api := reflect.TypeFor[sqsqueue.API]()
	for i := range api.NumMethod() {
		require.Contains(t, actions, api.Method(i).Name, "say what this operation needs")
		want = append(want, actions[api.Method(i).Name]...)
	}
	rights := sqsqueue.Rights()
	for _, needed := range rights {
		got = append(got, needed...)
	}
	require.Subset(t, want, got)
	require.Subset(t, got, want)
	for _, contract := range []reflect.Type{reflect.TypeFor[queue.Sender](), reflect.TypeFor[queue.Receiver](), reflect.TypeFor[queue.Gauge]()} {
		for i := range contract.NumMethod() {
			require.NotEmpty(t, rights[contract.Method(i).Name], contract.Method(i).Name)
		}
	}
}
