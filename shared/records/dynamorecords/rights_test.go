package dynamorecords_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// Every operation that the adapter may call is allowed by some method's rights,
// no right is left without an operation, and no method without rights.
func TestRights(t *testing.T) {
	actions := map[string][]string{
		"GetItem": {"dynamodb:GetItem"}, "UpdateItem": {"dynamodb:UpdateItem"}, "Query": {"dynamodb:Query"},
	}
	var want, got []string
	api := reflect.TypeFor[dynamorecords.API]()
	for i := range api.NumMethod() {
		require.Contains(t, actions, api.Method(i).Name, "say what this operation needs")
		want = append(want, actions[api.Method(i).Name]...)
	}
	rights := dynamorecords.Rights()
	for _, needed := range rights {
		got = append(got, needed...)
	}
	require.Subset(t, want, got)
	require.Subset(t, got, want)
	for _, contract := range []reflect.Type{reflect.TypeFor[records.Store]()} {
		for i := range contract.NumMethod() {
			require.NotEmpty(t, rights[contract.Method(i).Name], contract.Method(i).Name)
		}
	}
}
