package blockindextest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func testCommittedSince(t *testing.T, ix blockindex.Index) {
	var rows []blockindex.Row
	for i, at := range []int64{-1, 0, 1, 1000, 1000, 1001, committed} {
		r := row(10 - i) // the order of commits is not that of times
		r.CommittedAt = at
		rows = append(rows, r)
	}
	higher := row(20)
	higher.Level, higher.CommittedAt = 1, 1000
	insert(t, ix, rows...)
	insert(t, ix, higher)
	for from, n := range map[int64]int{
		math.MinInt64: 0, -1: 0, 0: 1, 1: 2, 2: 3, 999: 3, 1000: 3, 1001: 5, 1002: 6, committed: 6, committed + 1: 7, math.MaxInt64: 7,
	} {
		since(t, ix, tenantA, from, rows[n:]...)
	}
	require.NoError(t, ix.Delete(t.Context(), tenantA, rows[3].ID))
	since(t, ix, tenantA, 1000, rows[4:]...)
}

func testCommittedSinceReplaced(t *testing.T, ix blockindex.Index) {
	a, b := row(1), row(2)
	insert(t, ix, a, b, replacing(3, a, b))
	since(t, ix, tenantA, 0, a, b)
	since(t, ix, tenantA, b.CommittedAt, b)
	// The same even when a row of level 0 replaces one.
	c := replacing(4, a)
	c.Level = 0
	insert(t, ix, c)
	since(t, ix, tenantA, 0, a, b, c)
}

func testCommittedSincePages(t *testing.T, ix blockindex.Index) {
	want := insertMany(t, ix, 1300, 10)
	since(t, ix, tenantA, 0, want...)
	since(t, ix, tenantA, want[100].CommittedAt, want[100:]...)
}
