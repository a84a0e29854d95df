package blockindextest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Option tells Run more about an adapter.
type Option func(*suite)

// Reopen tells how to open an index again as a process would that starts after
// the one before has ended; the old one is not used any more. With it Run
// checks that rows outlive the process.
func Reopen(again func(t *testing.T, ix blockindex.Index) blockindex.Index) Option {
	return func(s *suite) { s.again = again }
}

// suite is one run of the tests against an adapter.
type suite struct {
	open  func(t *testing.T) blockindex.Index
	again func(t *testing.T, ix blockindex.Index) blockindex.Index
}

// Run checks that an index keeps the contract of package blockindex. open
// returns an empty index each time; it cleans up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) blockindex.Index, opts ...Option) {
	t.Helper()
	s := &suite{open: open}
	for _, o := range opts {
		o(s)
	}
	tests := []struct {
		name string
		run  func(*testing.T, blockindex.Index)
	}{
		{"a row is found as it was inserted", testRoundTrip},
		{"an empty index has no rows", testNothing},
		{"insert of an equal row succeeds", testInsertAgain},
		{"insert of a row with other content is ErrConflict", testConflict},
		{"insert of a row that Validate refuses is ErrBadRow", testBadRows},
		{"rows up to the limits are accepted", testLimits},
		{"the index keeps no reference and gives none away", testOwnership},
		{"of concurrent inserts of one id one is stored", testInsertRace},
		{"concurrent inserts of many rows all succeed", testInsertMany},
		{"find gives rows that share an instant with the range", testOverlap},
		{"find gives rows of the longest span", testLongSpan},
		{"find agrees with a plain search", testFindPlain},
		{"find orders by MinTime and id", testOrder},
		{"find gives more rows than one page holds", testPages},
		{"find gives more bytes than one page holds", testLargeRows},
		{"a replaced row is not found", testReplaced},
		{"a row that replaces is found alone while it is inserted", testReplaceRace},
		{"a row whose sources are not all there is ErrTaken", testSourcesGone},
		{"a source is taken once", testSourcesTaken},
		{"of concurrent inserts that share a source one is stored", testTakeRace},
		{"no call gives a row of another tenant", testTenancy},
		{"All gives all rows of a tenant, replaced ones too", testAll},
		{"All gives more rows than one page holds", testAllPages},
		{"delete removes rows", testDelete},
		{"delete of rows that are not there succeeds", testDeleteAbsent},
		{"delete takes many ids, and an id twice", testDeleteMany},
		{"an id can be used again after delete", testInsertAfterDelete},
		{"what a deleted row replaced is found again", testDeleteReplacing},
		{"tenants are those that have rows, sorted", testTenants},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
	if s.again != nil {
		t.Run("rows outlive the process", s.testDurable)
	}
}

const (
	tenantA profile.TenantID = "tenant-a"
	tenantB profile.TenantID = "tenant-b"

	// base is a time in Unix nanoseconds around which rows lie.
	base int64 = 1_790_000_000_000_000_000
	// committed is a commit time, Unix milliseconds.
	committed int64 = 1_790_000_100_000
)

// id is the n-th of many ULIDs, in ascending order.
func id(n int) string {
	var u ulid.ULID
	if err := u.SetTime(uint64(committed)); err != nil {
		panic(err)
	}
	u[14], u[15] = byte(n>>8), byte(n)
	return u.String()
}

// row is a row of tenantA that spans a second; n tells it from others.
func row(n int) blockindex.Row {
	return blockindex.Row{
		Tenant:      tenantA,
		ID:          id(n),
		MinTime:     base + int64(n)*int64(time.Second),
		MaxTime:     base + int64(n+1)*int64(time.Second) - 1,
		CommittedAt: committed + int64(n),
		Detail:      fmt.Appendf(nil, "detail of %d", n),
	}
}

// replacing is a row of the next level that replaces others and covers them.
func replacing(n int, sources ...blockindex.Row) blockindex.Row {
	r := row(n)
	r.MinTime, r.MaxTime = sources[0].MinTime, sources[0].MaxTime
	for _, s := range sources {
		r.Level = max(r.Level, s.Level+1)
		r.MinTime, r.MaxTime = min(r.MinTime, s.MinTime), max(r.MaxTime, s.MaxTime)
		r.Sources = append(r.Sources, s.ID)
	}
	return r
}

func insert(t *testing.T, ix blockindex.Index, rows ...blockindex.Row) {
	t.Helper()
	for _, r := range rows {
		require.NoError(t, ix.Insert(t.Context(), r))
	}
}

// found checks what Find gives for a range, rows and order.
func found(t *testing.T, ix blockindex.Index, tenant profile.TenantID, from, to int64, want ...blockindex.Row) {
	t.Helper()
	got, err := ix.Find(t.Context(), tenant, from, to)
	require.NoError(t, err)
	same(t, want, got)
}

// foundAll checks what Find gives for all of time.
func foundAll(t *testing.T, ix blockindex.Index, tenant profile.TenantID, want ...blockindex.Row) {
	t.Helper()
	found(t, ix, tenant, math.MinInt64, math.MaxInt64, want...)
}

// all checks what All gives, in whatever order.
func all(t *testing.T, ix blockindex.Index, tenant profile.TenantID, want ...blockindex.Row) {
	t.Helper()
	got, err := ix.All(t.Context(), tenant)
	require.NoError(t, err)
	same(t, sortedByID(want), sortedByID(got))
}

func sortedByID(rows []blockindex.Row) []blockindex.Row {
	return slices.SortedFunc(slices.Values(rows), func(a, b blockindex.Row) int { return strings.Compare(a.ID, b.ID) })
}

// same compares rows in order. The ids are compared first as they make shorter
// failures.
func same(t *testing.T, want, got []blockindex.Row) {
	t.Helper()
	require.Equal(t, ids(want), ids(got))
	for i := range want {
		require.True(t, equal(want[i], got[i]), "want %+v\ngot  %+v", brief(want[i]), brief(got[i]))
	}
}

func ids(rows []blockindex.Row) []string {
	out := make([]string, 0, len(rows))
	for i := range rows {
		out = append(out, rows[i].ID)
	}
	return out
}

func brief(r blockindex.Row) blockindex.Row {
	r.Detail, r.Sources = r.Detail[:min(40, len(r.Detail))], r.Sources[:min(5, len(r.Sources))]
	return r
}
