package filestore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// syncs records what a store syncs, with whether the object has its name then.
type syncs struct {
	mu   sync.Mutex
	root string
	path string // of the object that is watched
	seen []string
	fail string // what cannot be synced
}

func (y *syncs) sync(f *os.File) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	name, err := filepath.Rel(y.root, f.Name())
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "tmp/") {
		name = "tmp/*"
	}
	if name == y.fail {
		return errors.New("disk on fire")
	}
	if _, err := os.Lstat(y.path); err == nil {
		name += " with object"
	}
	y.seen = append(y.seen, name)
	return f.Sync()
}

func (y *syncs) take() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	seen := y.seen
	y.seen = nil
	return seen
}

func watched(t *testing.T, key string) (*Store, *syncs) {
	t.Helper()
	y := &syncs{root: t.TempDir()}
	s, err := Open(filepath.Join(y.root, "made"), func(s *Store) { s.sync = y.sync })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Equal(t, []string{"made/objects", "made", "."}, y.take(), "what open made")
	y.root = filepath.Join(y.root, "made")
	y.path = s.path(key)
	return s, y
}

func TestPutSyncsContentBeforeAndNamesAfterLinking(t *testing.T) {
	s, y := watched(t, "t/a/k")
	names := []string{"objects/t/a with object", "objects/t with object", "objects with object"}
	require.NoError(t, s.Put(t.Context(), "t/a/k", []byte("x")))
	require.Equal(t, append([]string{"tmp/*"}, names...), y.take())

	require.NoError(t, s.Put(t.Context(), "t/a/k", []byte("x")))
	require.Equal(t, names, y.take(), "a put of equal content is as durable")
}

func TestDeleteSyncsAfterUnlinking(t *testing.T) {
	s, y := watched(t, "t/a/k")
	require.NoError(t, s.Put(t.Context(), "t/a/k", []byte("x")))
	y.take()
	require.NoError(t, s.Delete(t.Context(), "t/a/k"))
	require.Equal(t, []string{"objects/t/a"}, y.take())
	require.NoError(t, s.Delete(t.Context(), "t/a/k"))
	require.Equal(t, []string{"objects"}, y.take(), "delete of what a delete before left")
}

func TestFailedSyncFailsTheCall(t *testing.T) {
	for _, fail := range []string{"tmp/*", "objects/t/a", "objects/t", "objects"} {
		t.Run(fail, func(t *testing.T) {
			s, y := watched(t, "t/a/k")
			y.fail = fail
			require.ErrorContains(t, s.Put(t.Context(), "t/a/k", []byte("x")), "disk on fire")
			if fail == "tmp/*" {
				_, err := s.Get(t.Context(), "t/a/k")
				require.ErrorIs(t, err, objstore.ErrNotExist)
			} else {
				require.ErrorContains(t, s.Put(t.Context(), "t/a/k", []byte("x")), "disk on fire", "again")
			}
			left, err := os.ReadDir(s.tmp)
			require.NoError(t, err)
			require.Empty(t, left)
			y.fail = ""
			require.NoError(t, s.Put(t.Context(), "t/a/k", []byte("x")))
			y.fail = "objects/t/a"
			require.ErrorContains(t, s.Delete(t.Context(), "t/a/k"), "disk on fire")
		})
	}
}

func TestPutFailsWhenItsTemporaryFileIsGone(t *testing.T) {
	s, y := watched(t, "t/k")
	s.sync = func(f *os.File) error {
		if strings.HasPrefix(f.Name(), s.tmp) {
			return os.Remove(f.Name())
		}
		return y.sync(f)
	}
	require.ErrorIs(t, s.Put(t.Context(), "t/k", []byte("x")), os.ErrNotExist)
}
