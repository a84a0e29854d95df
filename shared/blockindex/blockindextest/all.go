package blockindextest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func testAll(t *testing.T, ix blockindex.Index) {
	all(t, ix, tenantA)
	a, b, early := row(1), row(2), row(3)
	early.MinTime, early.MaxTime = 0, 0 // far from the others
	ab := replacing(10, a, b)
	abc := replacing(11, ab, early)
	abc.MinTime = a.MinTime // else it would span too much
	insert(t, ix, a, b, early, ab, abc)
	all(t, ix, tenantA, a, b, early, ab, abc)
	all(t, ix, tenantB)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID, ab.ID))
	all(t, ix, tenantA, b, early, abc)
}

func testAllPages(t *testing.T, ix blockindex.Index) {
	rows := insertMany(t, ix, 1300, 10)
	merged := replacing(2000, rows[:blockindex.MaxSources]...)
	insert(t, ix, merged)
	all(t, ix, tenantA, append(rows, merged)...)
}
