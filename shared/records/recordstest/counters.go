package recordstest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// added checks what Add gives.
func added(t *testing.T, s records.Store, n records.Name, delta int64, expires time.Time, want int64) {
	t.Helper()
	total, err := s.Add(t.Context(), n, delta, expires)
	require.NoError(t, err)
	require.Equal(t, want, total)
}

func testAdd(t *testing.T, w *world) {
	soon := w.clock().Add(time.Hour)
	added(t, w, name("a"), 5, soon, 5)
	added(t, w, name("a"), 7, soon, 12)
	added(t, w, name("a"), 0, soon, 12)
	added(t, w, name("a"), -20, soon, -8)
	added(t, w, name("b"), -1, time.Time{}, -1)
	added(t, w, name("b"), 1, time.Time{}, 0)
	other := name("a")
	other.Kind = "other"
	added(t, w, other, 3, soon, 3)
	added(t, w, name("a"), 1, soon, -7)
}

func testAddRace(t *testing.T, w *world) {
	const workers, each = 8, 10
	errs := make([]error, workers)
	totals := make([][]int64, workers)
	soon := w.clock().Add(time.Hour)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for range each {
				total, err := w.Add(t.Context(), name("a"), 3, soon)
				errs[i] = errors.Join(errs[i], err)
				totals[i] = append(totals[i], total)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	seen := make(map[int64]bool)
	for _, all := range totals {
		for _, total := range all {
			require.False(t, seen[total], "two Adds returned %d", total)
			seen[total] = true
		}
	}
	added(t, w, name("a"), 0, soon, 3*workers*each)
}

func testAddExpiry(t *testing.T, w *world) {
	at := w.clock().Add(10 * time.Second)
	added(t, w, name("a"), 5, at, 5)
	added(t, w, name("forever"), 5, time.Time{}, 5)
	w.pass(9 * time.Second)
	added(t, w, name("a"), 1, at, 6)
	w.pass(time.Second)
	added(t, w, name("a"), 2, at, 2)
	added(t, w, name("forever"), 1, time.Time{}, 6)
	w.pass(time.Hour)
	added(t, w, name("a"), 3, at, 3)
}

func testCountersApart(t *testing.T, w *world) {
	n := name("a")
	added(t, w, n, 5, w.clock().Add(time.Hour), 5)
	absent(t, w, n)
	listed(t, w, tenantA, kind)
	r := put(t, w, record("a", "x"))
	listed(t, w, tenantA, kind, r)
	added(t, w, n, 1, w.clock().Add(time.Hour), 6)
	got(t, w, r)
	require.NoError(t, w.Delete(t.Context(), n, r.Version))
	added(t, w, n, 1, w.clock().Add(time.Hour), 7)
}

func (s *suite) testDurable(t *testing.T) {
	w := s.world(t)
	soon := w.clock().Add(time.Hour)
	kept, gone := put(t, w, put(t, w, record("a", "1"))), put(t, w, record("b", "1"))
	short := record("c", "1")
	short.Expires = soon
	short = put(t, w, short)
	require.NoError(t, w.Delete(t.Context(), gone.Name, gone.Version))
	added(t, w, name("n"), 5, soon, 5)

	w.Store = s.again(t, w.Store, w.clock)
	listed(t, w, tenantA, kind, kept, short)
	added(t, w, name("n"), 5, soon, 10)
	require.Greater(t, put(t, w, record("b", "2")).Version, gone.Version)
	kept = put(t, w, kept)
	w.pass(time.Hour)
	absent(t, w, short.Name)
	got(t, w, kept)
	added(t, w, name("n"), 5, soon, 5)
}
