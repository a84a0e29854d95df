package filestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
)

func open(t *testing.T, dir string, opts ...filestore.Option) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(dir, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// dirs remembers where a store is, so that it can be opened once more.
type dirs map[objstore.Store]string

func (d dirs) run(t *testing.T, opts ...filestore.Option) {
	objstoretest.Run(t, func(t *testing.T) objstore.Store {
		dir := filepath.Join(t.TempDir(), "made", "by", "open")
		s := open(t, dir, opts...)
		d[s] = dir
		return s
	}, objstoretest.Reopen(func(t *testing.T, s objstore.Store) objstore.Store {
		return open(t, d[s], opts...)
	}))
}

func TestStore(t *testing.T)            { dirs{}.run(t) }
func TestStoreWithoutSync(t *testing.T) { dirs{}.run(t, filestore.WithoutSync()) }

// files are the names in a directory and below, those of directories with a
// slash at their end.
func files(t *testing.T, dir string) []string {
	t.Helper()
	out := []string{}
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if info.IsDir() {
			name += "/"
		}
		out = append(out, name)
		return err
	}))
	return out
}

func TestLeftoversAreRemovedAtOpen(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	require.NoError(t, first.Put(t.Context(), "t/k", []byte("x")))
	require.Empty(t, files(t, filepath.Join(dir, "tmp")), "put leaves its temporary file")
	require.ErrorIs(t, first.Put(t.Context(), "t/k", []byte("y")), objstore.ErrExists)
	require.Empty(t, files(t, filepath.Join(dir, "tmp")), "a put that fails leaves its temporary file")
	for _, name := range []string{"put-123", "other"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tmp", name), []byte("half an obj"), 0o600))
	}

	second := open(t, dir)
	require.Equal(t, []string{"other", "put-123"}, files(t, filepath.Join(dir, "tmp")), "what a live store writes was removed")
	require.NoError(t, first.Close())
	require.NoError(t, open(t, dir).Close())
	require.Equal(t, []string{"other", "put-123"}, files(t, filepath.Join(dir, "tmp")), "the second store is live yet")
	require.NoError(t, second.Close())

	third := open(t, dir)
	require.Equal(t, []string{"other"}, files(t, filepath.Join(dir, "tmp")), "only files of ours are removed")
	got, err := third.Get(t.Context(), "t/k")
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

func TestEmptiedDirectoriesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for _, key := range []string{"t/a", "t/a/b/c", "t/a/b/d"} {
		require.NoError(t, s.Put(t.Context(), key, nil))
	}
	objects := filepath.Join(dir, "objects")
	require.Equal(t, []string{"t/", "t/a/", "t/a/b/", "t/a/b/c@", "t/a/b/d@", "t/a@"}, files(t, objects))
	require.NoError(t, s.Delete(t.Context(), "t/a/b/c"))
	require.Equal(t, []string{"t/", "t/a/", "t/a/b/", "t/a/b/d@", "t/a@"}, files(t, objects))
	require.NoError(t, s.Delete(t.Context(), "t/a/b/d"))
	require.Equal(t, []string{"t/", "t/a@"}, files(t, objects))
	require.NoError(t, s.Delete(t.Context(), "t/a"))
	require.Empty(t, files(t, objects))
}

func TestForeignFilesAreNotObjects(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	require.NoError(t, s.Put(t.Context(), "t/k", nil))
	for _, name := range []string{"plain", ".hidden@", "%2@", "%41@", "@", "sp ace@", "%zz@", "%2F@", "%00@", "%@"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", name), nil, 0o600))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "objects", "plain")))
	infos, err := s.List(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Len(t, infos, 1)
}

func TestOpenSaysWhatItCouldNotOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := filestore.Open(path)
	require.ErrorContains(t, err, "open object store")
	require.ErrorContains(t, err, path)
}
