package blockindextest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func testDelete(t *testing.T, ix blockindex.Index) {
	a, b, c := row(1), row(2), row(3)
	b.MinTime = a.MinTime // same time, other id
	insert(t, ix, a, b, c)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID))
	foundAll(t, ix, tenantA, b, c)
	require.NoError(t, ix.Delete(t.Context(), tenantA, c.ID, b.ID))
	foundAll(t, ix, tenantA)
}

func testDeleteAbsent(t *testing.T, ix blockindex.Index) {
	require.NoError(t, ix.Delete(t.Context(), tenantA))
	require.NoError(t, ix.Delete(t.Context(), tenantA, id(1)))
	a := row(1)
	insert(t, ix, a)
	require.NoError(t, ix.Delete(t.Context(), tenantA))
	require.NoError(t, ix.Delete(t.Context(), tenantA, id(0), id(2), id(3)))
	foundAll(t, ix, tenantA, a)
	for range 3 {
		require.NoError(t, ix.Delete(t.Context(), tenantA, id(0), a.ID))
	}
	foundAll(t, ix, tenantA)
}

// testDeleteMany deletes many rows; DynamoDB takes 25
// in one request, and none twice.
func testDeleteMany(t *testing.T, ix blockindex.Index) {
	rows := insertMany(t, ix, 1020, 1)
	gone := ids(rows[10 : len(rows)-10])
	gone = append(gone, gone[0], gone[0], id(9999))
	require.NoError(t, ix.Delete(t.Context(), tenantA, gone...))
	want := append(rows[:10:10], rows[len(rows)-10:]...)
	foundAll(t, ix, tenantA, want...)
}

func testInsertAfterDelete(t *testing.T, ix blockindex.Index) {
	a := row(1)
	insert(t, ix, a)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID))
	other := row(7)
	other.ID = a.ID
	insert(t, ix, other)
	foundAll(t, ix, tenantA, other)
}
