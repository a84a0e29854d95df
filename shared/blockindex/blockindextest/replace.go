package blockindextest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func testReplaced(t *testing.T, ix blockindex.Index) {
	a, b, c, other := row(1), row(2), row(3), row(4)
	insert(t, ix, a, b, c, other)
	foundAll(t, ix, tenantA, a, b, c, other)
	ab := replacing(10, a, b)
	insert(t, ix, ab)
	foundAll(t, ix, tenantA, ab, c, other)
	found(t, ix, tenantA, a.MinTime, a.MaxTime, ab)
	found(t, ix, tenantA, b.MinTime, b.MaxTime, ab)
	abc := replacing(11, ab, c)
	insert(t, ix, abc)
	foundAll(t, ix, tenantA, abc, other)
	insert(t, ix, a, ab)
	foundAll(t, ix, tenantA, abc, other) // inserting them again does not bring them back
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID, b.ID, c.ID))
	foundAll(t, ix, tenantA, abc, other) // ab is still there, and still replaced

	// A row that is inserted again after it was replaced and deleted, by a writer
	// that does not know, stays replaced.
	insert(t, ix, c)
	foundAll(t, ix, tenantA, abc, other)
}

// testReplaceRace reads without pause while rows are replaced: every Find gives
// either what was there or what replaces it.
func testReplaceRace(t *testing.T, ix blockindex.Index) {
	for round, detail := range []int{10, 10, 10, 10, 10, 150_000, 150_000} {
		var old []blockindex.Row
		for i := range 12 {
			r := row(i)
			r.ID = id(100*round + i)
			r.Detail = make([]byte, detail)
			old = append(old, r)
		}
		insert(t, ix, old...)
		merged := replacing(100*round+50, old...)
		merged.ID = id(100*round + 50)
		either := [][]string{ids(old), ids([]blockindex.Row{merged})}

		const readers = 4
		var wg sync.WaitGroup
		var done atomic.Bool
		started := make(chan struct{}, readers)
		errs := make([]error, readers)
		for i := range readers {
			wg.Go(func() { errs[i] = findUntil(t.Context(), ix, either, started, &done) })
		}
		for range readers {
			<-started
		}
		err := ix.Insert(t.Context(), merged)
		done.Store(true)
		wg.Wait()
		require.NoError(t, err)
		require.NoError(t, errors.Join(errs...))
		foundAll(t, ix, tenantA, merged)
		require.NoError(t, ix.Delete(t.Context(), tenantA, append(ids(old), merged.ID)...))
	}
}

// findUntil reads until done, and once after it. Once a read gave the new row
// the next may not give the old ones.
func findUntil(ctx context.Context, ix blockindex.Index, either [][]string, started chan<- struct{}, done *atomic.Bool) error {
	told := sync.OnceFunc(func() { started <- struct{}{} })
	defer told()
	seen := 0
	for last := false; ; last = done.Load() {
		rows, err := ix.Find(ctx, tenantA, 0, math.MaxInt64)
		if err != nil {
			return err
		}
		got := slices.IndexFunc(either, func(want []string) bool { return slices.Equal(want, ids(rows)) })
		if got < 0 {
			return fmt.Errorf("found %v, want one of %v", ids(rows), either)
		}
		if got < seen {
			return errors.New("found the replaced rows after the one that replaces them")
		}
		seen = got
		if last {
			return nil
		}
		told()
	}
}

func testDeleteReplacing(t *testing.T, ix blockindex.Index) {
	a, b := row(1), row(2)
	ab := replacing(3, a, b)
	insert(t, ix, a, b, ab)
	require.NoError(t, ix.Delete(t.Context(), tenantA, ab.ID))
	foundAll(t, ix, tenantA, a, b)
	insert(t, ix, ab)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a.ID, b.ID))
	foundAll(t, ix, tenantA, ab)
}
