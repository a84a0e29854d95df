package blockindextest

import (
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

// refused checks that a row's sources cannot be taken, and that the refusal
// leaves the tenant's rows as they are.
func refused(t *testing.T, ix blockindex.Index, r blockindex.Row) {
	t.Helper()
	before, err := ix.All(t.Context(), r.Tenant)
	require.NoError(t, err)
	for range 2 {
		require.ErrorIs(t, ix.Insert(t.Context(), r), blockindex.ErrTaken)
	}
	all(t, ix, r.Tenant, before...)
}

func testSourcesGone(t *testing.T, ix blockindex.Index) {
	a, b, c := row(1), row(2), row(3)
	refused(t, ix, replacing(10, a))
	tenants(t, ix)
	insert(t, ix, a, b)
	refused(t, ix, replacing(10, a, b, c))
	refused(t, ix, replacing(10, c, a))
	odd := replacing(10, a)
	for _, id := range []string{"", "x", id(5) + "0"} {
		odd.Sources = []string{a.ID, id}
		refused(t, ix, odd)
	}
	require.NoError(t, ix.Delete(t.Context(), tenantA, b.ID))
	refused(t, ix, replacing(10, a, b))
	elsewhere := row(3)
	elsewhere.Tenant = tenantB
	insert(t, ix, elsewhere)
	refused(t, ix, replacing(10, a, c))
	insert(t, ix, replacing(11, a)) // what was refused took nothing
	foundAll(t, ix, tenantA, replacing(11, a))
}

func testSourcesTaken(t *testing.T, ix blockindex.Index) {
	a, b, c := row(1), row(2), row(3)
	insert(t, ix, a, b, c)
	ab := replacing(10, a, b)
	insert(t, ix, ab)
	refused(t, ix, replacing(11, b, c))
	refused(t, ix, replacing(11, c, a))
	refused(t, ix, replacing(11, a, b))
	insert(t, ix, ab)
	// A source that is inserted again, as after an unknown outcome, stays taken.
	insert(t, ix, a)
	refused(t, ix, replacing(11, a))
	abc := replacing(12, ab, c)
	insert(t, ix, abc)
	refused(t, ix, replacing(13, ab))
	foundAll(t, ix, tenantA, abc)

	// It stays taken when the row that took it is deleted before it is.
	require.NoError(t, ix.Delete(t.Context(), tenantA, ab.ID))
	refused(t, ix, replacing(13, a))
	insert(t, ix, ab)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID, b.ID, ab.ID))
	insert(t, ix, a)
	insert(t, ix, replacing(13, a)) // another row that happens to have its id
}

// testTakeRace has rows that share sources in chains inserted at once, some of
// them twice: of neighbours only one is stored, and every source is replaced at
// most once.
func testTakeRace(t *testing.T, ix blockindex.Index) {
	const writers = 12
	for round := range 5 {
		from := 100 * round
		sources := make([]blockindex.Row, writers+1)
		for i := range sources {
			sources[i] = row(i)
			sources[i].ID = id(from + i)
		}
		insert(t, ix, sources...)
		rows, errs := make([]blockindex.Row, writers), make([]error, 2*writers)
		var wg sync.WaitGroup
		for i := range rows {
			if round%2 == 0 {
				rows[i] = replacing(0, sources[i], sources[i+1])
			} else {
				rows[i] = replacing(0, sources[i], sources[writers]) // all want the last
			}
			rows[i].ID = id(from + 50 + i)
			wg.Go(func() { errs[i] = ix.Insert(t.Context(), rows[i]) })
			wg.Go(func() { errs[writers+i] = ix.Insert(t.Context(), rows[i]) })
		}
		wg.Wait()
		by := make(map[string]string)
		for i, r := range rows {
			require.Equal(t, errs[i] == nil, errs[writers+i] == nil, "the same row twice: %v, %v", errs[i], errs[writers+i])
			if errs[i] != nil {
				require.ErrorIs(t, errs[i], blockindex.ErrTaken)
				continue
			}
			for _, source := range r.Sources {
				require.Empty(t, by[source], "rows %s and %s both replace %s", by[source], r.ID, source)
				by[source] = r.ID
			}
		}
		require.NotEmpty(t, by, "no insert succeeded")
		got, err := ix.Find(t.Context(), tenantA, 0, math.MaxInt64)
		require.NoError(t, err)
		var want []blockindex.Row
		for i := range rows {
			if errs[i] == nil {
				want = append(want, rows[i])
			}
		}
		for _, s := range sources {
			if by[s.ID] == "" {
				want = append(want, s)
			}
		}
		same(t, sortedByID(want), sortedByID(got))
		require.NoError(t, ix.Delete(t.Context(), tenantA, append(ids(sources), ids(rows)...)...))
	}
}
