package dynamoindex_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
)

// Every operation that the adapter may call is allowed by some method's rights,
// no right is left without an operation, and no method without rights.
func TestRights(t *testing.T) {
	actions := map[string][]string{
		"GetItem": {"dynamodb:GetItem"}, "PutItem": {"dynamodb:PutItem"}, "Query": {"dynamodb:Query"},
		// Of transactions, what they consist of is allowed or not.
		"TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
	}
	var want, got []string
	api := reflect.TypeFor[dynamoindex.API]()
	for i := range api.NumMethod() {
		require.Contains(t, actions, api.Method(i).Name, "say what this operation needs")
		want = append(want, actions[api.Method(i).Name]...)
	}
	rights := dynamoindex.Rights()
	for _, needed := range rights {
		got = append(got, needed...)
	}
	require.Subset(t, want, got)
	require.Subset(t, got, want)
	for _, contract := range []reflect.Type{reflect.TypeFor[blockindex.Index]()} {
		for i := range contract.NumMethod() {
			require.NotEmpty(t, rights[contract.Method(i).Name], contract.Method(i).Name)
		}
	}
}
