package blockindextest

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func testRoundTrip(t *testing.T, ix blockindex.Index) {
	full := row(1)
	full.Level, full.Sources, full.Detail = 9, []string{id(100), id(102), id(101)}, []byte("\x00\xff\x80binary\r\n")
	insert(t, ix, row(100), row(101), row(102))
	bare := row(2)
	bare.Detail, bare.CommittedAt = nil, 0
	early := row(3)
	early.MinTime, early.MaxTime, early.CommittedAt = 0, 0, -5
	late := row(4)
	late.MinTime, late.MaxTime, late.CommittedAt = math.MaxInt64-1, math.MaxInt64, math.MaxInt64
	insert(t, ix, full, bare, early, late)
	foundAll(t, ix, tenantA, early, full, bare, late)
	found(t, ix, tenantA, 0, 0, early)
	found(t, ix, tenantA, math.MaxInt64, math.MaxInt64, late)
}

func testNothing(t *testing.T, ix blockindex.Index) {
	foundAll(t, ix, tenantA)
	tenants(t, ix)
}

func testInsertAgain(t *testing.T, ix blockindex.Index) {
	r := replacing(3, row(1), row(2))
	insert(t, ix, row(1), row(2))
	for range 3 {
		insert(t, ix, r)
	}
	empty := row(4)
	empty.Sources, empty.Detail = nil, nil
	insert(t, ix, empty)
	empty.Sources, empty.Detail = []string{}, []byte{}
	insert(t, ix, empty)
	foundAll(t, ix, tenantA, r, empty)
}

func testConflict(t *testing.T, ix blockindex.Index) {
	r := replacing(3, row(1), row(2))
	insert(t, ix, row(1), row(2), r)
	for name, change := range map[string]func(*blockindex.Row){
		"Level":           func(r *blockindex.Row) { r.Level++ },
		"MinTime":         func(r *blockindex.Row) { r.MinTime-- },
		"MaxTime":         func(r *blockindex.Row) { r.MaxTime++ },
		"CommittedAt":     func(r *blockindex.Row) { r.CommittedAt++ },
		"fewer Sources":   func(r *blockindex.Row) { r.Sources = r.Sources[:1] },
		"other Sources":   func(r *blockindex.Row) { r.Sources = []string{id(1), id(7)} },
		"more Sources":    func(r *blockindex.Row) { r.Sources = []string{id(1), id(2), id(7)} },
		"shorter Detail":  func(r *blockindex.Row) { r.Detail = r.Detail[:3] },
		"other Detail":    func(r *blockindex.Row) { r.Detail = bytes.ToUpper(r.Detail) },
		"no Detail":       func(r *blockindex.Row) { r.Detail = nil },
		"Level and times": func(r *blockindex.Row) { r.Level, r.MinTime, r.MaxTime = 0, 5, 6 },
	} {
		other := r
		change(&other)
		require.ErrorIs(t, ix.Insert(t.Context(), other), blockindex.ErrConflict, name)
		foundAll(t, ix, tenantA, r) // row(7), which some of them name, is not there either
	}
}

func testBadRows(t *testing.T, ix blockindex.Index) {
	for name, change := range map[string]func(*blockindex.Row){
		"no tenant":      func(r *blockindex.Row) { r.Tenant = "" },
		"bad tenant":     func(r *blockindex.Row) { r.Tenant = "a/b" },
		"no id":          func(r *blockindex.Row) { r.ID = "" },
		"bad id":         func(r *blockindex.Row) { r.ID = strings.Repeat("!", 26) },
		"short id":       func(r *blockindex.Row) { r.ID = r.ID[1:] },
		"level":          func(r *blockindex.Row) { r.Level = -1 },
		"high level":     func(r *blockindex.Row) { r.Level = 10 },
		"MinTime":        func(r *blockindex.Row) { r.MinTime, r.MaxTime = -1, 1 },
		"MaxTime":        func(r *blockindex.Row) { r.MaxTime = r.MinTime - 1 },
		"span":           func(r *blockindex.Row) { r.MaxTime = r.MinTime + int64(blockindex.MaxSpan) + 1 },
		"too many":       func(r *blockindex.Row) { r.Sources = manySources(blockindex.MaxSources + 1) },
		"twice":          func(r *blockindex.Row) { r.Sources = []string{id(9), id(9)} },
		"itself":         func(r *blockindex.Row) { r.Sources = []string{id(9), r.ID} },
		"too many bytes": func(r *blockindex.Row) { r.Detail = make([]byte, blockindex.MaxRowBytes) },
	} {
		bad := row(1)
		change(&bad)
		require.ErrorIs(t, ix.Insert(t.Context(), bad), blockindex.ErrBadRow, name)
	}
	foundAll(t, ix, tenantA)
	tenants(t, ix)
	insert(t, ix, row(1))
}

func manySources(n int) []string {
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, id(10_000+i))
	}
	return out
}

func testLimits(t *testing.T, ix blockindex.Index) {
	r := row(1)
	r.Tenant = profile.TenantID(strings.Repeat("(", profile.MaxTenantIDBytes))
	r.Sources = manySources(blockindex.MaxSources)
	for i, source := range r.Sources {
		s := row(i)
		s.Tenant, s.ID = r.Tenant, source
		insert(t, ix, s)
	}
	r.MinTime = base
	r.Level = 9
	r.MaxTime = r.MinTime + int64(blockindex.MaxSpan)
	r.Detail = bytes.Repeat([]byte{0xff}, blockindex.MaxRowBytes-64-len(r.Tenant)-26*(1+len(r.Sources)))
	require.NoError(t, r.Validate())
	insert(t, ix, r, r)
	foundAll(t, ix, r.Tenant, r)
	require.NoError(t, ix.Delete(t.Context(), r.Tenant, append(r.Sources, r.ID)...))
	foundAll(t, ix, r.Tenant)
}

func testOwnership(t *testing.T, ix blockindex.Index) {
	r := row(1)
	r.Sources = []string{id(5)}
	source := row(5)
	source.MinTime, source.MaxTime = r.MinTime, r.MaxTime
	insert(t, ix, source)
	mine := clone(r)
	insert(t, ix, mine)
	clear(mine.Detail)
	mine.Sources[0] = id(6)
	for range 2 {
		foundAll(t, ix, tenantA, r)
		byTime, err := ix.Find(t.Context(), tenantA, 0, math.MaxInt64)
		require.NoError(t, err)
		every, err := ix.All(t.Context(), tenantA)
		require.NoError(t, err)
		for _, got := range append(byTime, every...) {
			clear(got.Detail)
			_ = append(got.Detail, "overwritten"...)
			clear(got.Sources)
		}
	}
}

func testInsertRace(t *testing.T, ix blockindex.Index) {
	const writers = 32
	for round := range 4 {
		errs := make([]error, writers)
		rows := make([]blockindex.Row, writers)
		var wg sync.WaitGroup
		for i := range writers {
			rows[i] = row(i) // of its own time,
			rows[i].ID = id(1000 + round)
			if round%2 == 0 { // or all of the same
				rows[i].MinTime, rows[i].MaxTime = base, base
			}
			wg.Go(func() { errs[i] = ix.Insert(t.Context(), rows[i]) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, winner, "inserts %d and %d both succeeded", winner, i)
				winner = i
				continue
			}
			require.ErrorIs(t, err, blockindex.ErrConflict)
		}
		require.NotEqual(t, -1, winner, "no insert succeeded")
		foundAll(t, ix, tenantA, rows[winner])
		require.NoError(t, ix.Delete(t.Context(), tenantA, rows[winner].ID))
	}
}

func testInsertMany(t *testing.T, ix blockindex.Index) {
	const n = 64
	var want []blockindex.Row
	errs := make([]error, 2*n)
	var wg sync.WaitGroup
	for i := range n {
		r := row(i)
		want = append(want, r)
		wg.Go(func() { errs[i] = ix.Insert(t.Context(), r) })
		wg.Go(func() { errs[n+i] = ix.Insert(t.Context(), r) }) // equal, at the same time
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	foundAll(t, ix, tenantA, want...)
}
