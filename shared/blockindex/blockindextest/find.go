package blockindextest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func testOverlap(t *testing.T, ix blockindex.Index) {
	r := row(1)
	r.MinTime, r.MaxTime = base+100, base+200
	insert(t, ix, r)
	for _, tt := range []struct {
		from, to int64
		want     bool
	}{
		{0, 99, false}, {0, 100, true}, {0, 150, true}, {0, 1000, true}, {100, 100, true}, {100, 200, true},
		{101, 199, true}, {150, 150, true}, {200, 200, true}, {200, 1000, true}, {201, 201, false}, {201, 1000, false},
		{160, 140, false}, {1000, 0, false}, {200, 100, false}, // no instant is in a range that ends before it begins
	} {
		want := []blockindex.Row{r}
		if !tt.want {
			want = nil
		}
		found(t, ix, tenantA, base+tt.from, base+tt.to, want...)
	}
	found(t, ix, tenantA, math.MinInt64, base+100, r)
	found(t, ix, tenantA, base+200, math.MaxInt64, r)
	found(t, ix, tenantA, math.MinInt64, -1)
	found(t, ix, tenantA, -10, 10)
	found(t, ix, tenantA, math.MaxInt64, math.MinInt64)
}

func testLongSpan(t *testing.T, ix blockindex.Index) {
	const span = int64(blockindex.MaxSpan)
	first, long := row(1), row(2)
	first.MinTime, first.MaxTime = 0, span
	long.MinTime, long.MaxTime = base, base+span
	insert(t, ix, first, long)
	found(t, ix, tenantA, base+span, base+span, long)
	found(t, ix, tenantA, base+span+1, base+2*span)
	found(t, ix, tenantA, base+span, math.MaxInt64, long)
	found(t, ix, tenantA, span, span, first)
	found(t, ix, tenantA, span-1, base, first, long)
	found(t, ix, tenantA, span+1, base-1)
}

// testFindPlain compares Find over random rows and ranges with a search that
// looks at all rows.
func testFindPlain(t *testing.T, ix blockindex.Index) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []blockindex.Row
	for i := range 150 {
		r := row(i)
		r.MinTime = base + rnd.Int64N(3*int64(blockindex.MaxSpan))
		r.MaxTime = r.MinTime + rnd.Int64N([]int64{1, int64(time.Minute), int64(blockindex.MaxSpan)}[i%3]+1)
		all = append(all, r)
		insert(t, ix, r)
	}
	edges := []int64{base - 1, base, base + 5*int64(blockindex.MaxSpan)}
	for _, r := range all[:20] {
		edges = append(edges, r.MinTime-1, r.MinTime, r.MaxTime, r.MaxTime+1)
	}
	for range 300 {
		from, to := edges[rnd.IntN(len(edges))], edges[rnd.IntN(len(edges))]
		var want []blockindex.Row
		for _, r := range all {
			if from <= to && r.MinTime <= to && from <= r.MaxTime {
				want = append(want, r)
			}
		}
		found(t, ix, tenantA, from, to, blockindex.WithoutReplaced(want)...)
	}
}

func testOrder(t *testing.T, ix blockindex.Index) {
	var want []blockindex.Row
	for i := range 40 {
		r := row(40 - i)              // later rows have smaller ids
		r.MinTime = base + int64(i/4) // four rows of each time
		r.MaxTime = r.MinTime + int64(i%7)
		want = append(want, r)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, i := range rnd.Perm(len(want)) {
		insert(t, ix, want[i])
	}
	slices.SortFunc(want, func(a, b blockindex.Row) int {
		if a.MinTime != b.MinTime {
			return int(a.MinTime - b.MinTime)
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	foundAll(t, ix, tenantA, want...)
}

func testPages(t *testing.T, ix blockindex.Index) {
	want := insertMany(t, ix, 1300, 10)
	foundAll(t, ix, tenantA, want...)
	found(t, ix, tenantA, want[100].MinTime, want[1250].MinTime, want[100:1251]...)
}

// testLargeRows stores some megabytes: DynamoDB gives one at a time.
func testLargeRows(t *testing.T, ix blockindex.Index) {
	want := insertMany(t, ix, 15, 300_000)
	foundAll(t, ix, tenantA, want...)
	last := replacing(5000, want...)
	insert(t, ix, last)
	foundAll(t, ix, tenantA, last)
}

// insertMany inserts n rows with some bytes of detail each.
func insertMany(t *testing.T, ix blockindex.Index, n, detail int) []blockindex.Row {
	t.Helper()
	want := make([]blockindex.Row, 0, n)
	var g errgroup.Group
	g.SetLimit(64)
	for i := range n {
		r := row(i)
		r.Detail = make([]byte, detail)
		r.Detail[detail-1] = byte(i)
		want = append(want, r)
		g.Go(func() error { return ix.Insert(t.Context(), r) })
	}
	require.NoError(t, g.Wait())
	return want
}
