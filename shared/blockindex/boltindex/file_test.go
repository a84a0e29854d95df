package boltindex

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

func openIn(t *testing.T) *Index {
	t.Helper()
	ix, err := Open(filepath.Join(t.TempDir(), "index"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ix.Close()) })
	return ix
}

func rowN(n int) blockindex.Row {
	return blockindex.Row{Tenant: "t", ID: ulid.ULID{15: byte(n)}.String(), MinTime: int64(n), MaxTime: int64(n)}
}

// transactions is how many were committed to the file.
func transactions(t *testing.T, ix *Index) int {
	t.Helper()
	var n int
	require.NoError(t, ix.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }))
	return n
}

func TestConcurrentInsertsShareACommit(t *testing.T) {
	ix := openIn(t)
	require.NoError(t, ix.Insert(t.Context(), rowN(0)))
	// Batches begin when they are full, and only then.
	ix.db.MaxBatchDelay, ix.db.MaxBatchSize = time.Hour, 8
	before := transactions(t, ix)
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for i := range errs {
		r := rowN(i)
		r.Level = 1 // the first conflicts with the row that is there
		wg.Go(func() { errs[i] = ix.Insert(t.Context(), r) })
	}
	wg.Wait()
	require.ErrorIs(t, errs[0], blockindex.ErrConflict)
	for _, err := range errs[1:] {
		require.NoError(t, err)
	}
	require.Equal(t, 8, transactions(t, ix)-before, "a conflict must not make the others begin again")
	rows, err := ix.Find(t.Context(), "t", 0, 100)
	require.NoError(t, err)
	require.Len(t, rows, 64)
}

func TestDamagedRowIsNamed(t *testing.T) {
	ix := openIn(t)
	good, bad := rowN(1), rowN(2)
	require.NoError(t, ix.Insert(t.Context(), good))
	require.NoError(t, ix.Insert(t.Context(), bad))
	for name, value := range map[string][]byte{"short": {version}, "empty": {}, "version": {77}} {
		require.NoError(t, ix.db.Update(func(tx *bbolt.Tx) error {
			bs, _, err := ofTenant(tx, "t")
			if err != nil {
				return err
			}
			return bs.time.Put(timeKey(bad.MinTime, bad.ID), value)
		}))
		_, err := ix.Find(t.Context(), "t", 0, 100)
		require.ErrorContains(t, err, bad.ID, name)
		_, err = ix.Find(t.Context(), "t", 50, 100)
		require.ErrorContains(t, err, bad.ID, name)
		_, err = ix.All(t.Context(), "t")
		require.ErrorContains(t, err, bad.ID, name)
		rows, err := ix.Find(t.Context(), "t", 0, 1)
		require.NoError(t, err, "it is not in this range")
		require.Len(t, rows, 1)
	}
}

// TestFindReadsOnlyWhatCanOverlap damages the rows around, which Find would
// stumble over.
func TestFindReadsOnlyWhatCanOverlap(t *testing.T) {
	ix := openIn(t)
	const span = int64(blockindex.MaxSpan)
	for i, at := range []int64{span - 1, span, 3 * span, 3*span + 1} {
		r := rowN(i)
		r.MinTime, r.MaxTime = at, at+span
		if i == 0 || i == 3 {
			r.Level = 1
		}
		require.NoError(t, ix.Insert(t.Context(), r))
		require.NoError(t, ix.db.Update(func(tx *bbolt.Tx) error {
			bs, _, err := ofTenant(tx, "t")
			if err != nil || r.Level == 0 {
				return err
			}
			return bs.time.Put(timeKey(at, r.ID), []byte("damaged"))
		}))
	}
	rows, err := ix.Find(t.Context(), "t", 2*span, 3*span)
	require.NoError(t, err)
	require.Len(t, rows, 2)
}

func TestNothingIsLeftOfDeletedRows(t *testing.T) {
	ix := openIn(t)
	a, b, c := rowN(1), rowN(2), rowN(3)
	b.Level, b.CommittedAt = 1, -1
	for _, r := range []blockindex.Row{a, b, c} {
		require.NoError(t, ix.Insert(t.Context(), r))
	}
	require.NoError(t, ix.Delete(t.Context(), "t", a.ID, b.ID))
	require.NoError(t, ix.db.View(func(tx *bbolt.Tx) error {
		bs, ok, err := ofTenant(tx, "t")
		require.True(t, ok)
		for _, b := range []*bbolt.Bucket{bs.time, bs.id} {
			require.Equal(t, 1, b.Stats().KeyN)
		}
		return err
	}))
	require.NoError(t, ix.Delete(t.Context(), "t", c.ID))
	require.NoError(t, ix.db.View(func(tx *bbolt.Tx) error {
		_, ok, err := ofTenant(tx, "t")
		require.False(t, ok)
		return err
	}))
}
