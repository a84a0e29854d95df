package boltindex_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
)

func open(t *testing.T, path string) *boltindex.Index {
	t.Helper()
	ix, err := boltindex.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ix.Close()) })
	return ix
}

func TestIndex(t *testing.T) {
	paths := make(map[blockindex.Index]string)
	blockindextest.Run(t, func(t *testing.T) blockindex.Index {
		path := filepath.Join(t.TempDir(), "index")
		ix := open(t, path)
		paths[ix] = path
		return ix
	}, blockindextest.Reopen(func(t *testing.T, ix blockindex.Index) blockindex.Index {
		require.NoError(t, ix.(*boltindex.Index).Close())
		return open(t, paths[ix])
	}))
}

func TestOpenOfAFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	first := open(t, path)
	_, err := boltindex.Open(path)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "is in use by another process")
	require.NoError(t, first.Close())
	open(t, path)
}

func TestOpenSaysWhatItCouldNotOpen(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	require.NoError(t, os.WriteFile(garbage, make([]byte, 1<<16), 0o600))
	for _, path := range []string{dir, filepath.Join(dir, "none", "index"), garbage} {
		_, err := boltindex.Open(path)
		require.ErrorContains(t, err, "open block index")
		require.ErrorContains(t, err, path)
	}
}

var someRow = blockindex.Row{Tenant: "t", ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", MinTime: 1, MaxTime: 2}

// calls are calls of every method.
func calls(ctx context.Context, ix blockindex.Index) map[string]error {
	_, find := ix.Find(ctx, "t", 0, 10)
	_, all := ix.All(ctx, "t")
	_, tenants := ix.Tenants(ctx)
	return map[string]error{
		"Insert": ix.Insert(ctx, someRow), "Delete": ix.Delete(ctx, "t", someRow.ID),
		"Find": find, "All": all, "Tenants": tenants,
	}
}

func TestCancelled(t *testing.T) {
	ix := open(t, filepath.Join(t.TempDir(), "index"))
	require.NoError(t, ix.Insert(t.Context(), someRow))
	cause := errors.New("the reason of the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, err := range calls(ctx, ix) {
		require.ErrorIs(t, err, cause, name)
	}
	rows, err := ix.Find(t.Context(), "t", 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

func TestClosed(t *testing.T) {
	ix := open(t, filepath.Join(t.TempDir(), "index"))
	require.NoError(t, ix.Close())
	for name, err := range calls(t.Context(), ix) {
		require.Error(t, err, name)
	}
}
