package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Delete is Writer's. That the directory is synced even if there is no object
// is for the sake of a Delete before it which did not come to that.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	path := s.path(key)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete object %q: %w", key, err)
	}
	if err := s.syncNearest(filepath.Dir(path)); err != nil {
		return fmt.Errorf("delete object %q: %w", key, err)
	}
	s.prune(filepath.Dir(path))
	return nil
}

// syncNearest syncs the directory, or if it is not there the nearest one above.
func (s *Store) syncNearest(dir string) error {
	for {
		err := s.syncDir(dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == s.objects {
			return err
		}
		dir = filepath.Dir(dir)
	}
}

// prune removes the directory and those above it as long as they are empty.
// rmdir(2) never removes one that has something in it, and a Put that finds its
// directory gone makes it again, so that this needs no lock. It is not synced:
// an empty directory that comes back after a crash does no harm.
func (s *Store) prune(dir string) {
	for ; dir != s.objects; dir = filepath.Dir(dir) {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}
