package s3store_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

// Every operation that the adapter may call is allowed by some method's rights,
// no right is left without an operation, and no method without rights.
func TestRights(t *testing.T) {
	actions := map[string][]string{
		"PutObject": {"s3:PutObject"}, "GetObject": {"s3:GetObject", "s3:ListBucket"},
		"DeleteObject": {"s3:DeleteObject"}, "ListObjectsV2": {"s3:ListBucket"},
	}
	var want, got []string
	api := reflect.TypeFor[s3store.API]()
	for i := range api.NumMethod() {
		require.Contains(t, actions, api.Method(i).Name, "say what this operation needs")
		want = append(want, actions[api.Method(i).Name]...)
	}
	rights := s3store.Rights()
	for _, needed := range rights {
		got = append(got, needed...)
	}
	require.Subset(t, want, got)
	require.Subset(t, got, want)
	for _, contract := range []reflect.Type{reflect.TypeFor[objstore.Store](), reflect.TypeFor[objstore.Presigner]()} {
		for i := range contract.NumMethod() {
			require.NotEmpty(t, rights[contract.Method(i).Name], contract.Method(i).Name)
		}
	}
}
