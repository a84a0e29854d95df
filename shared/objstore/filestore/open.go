package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Store is an object store in a directory.
type Store struct {
	objects string // the directory of the objects
	tmp     string // the directory of what is being put, in the same file system
	lock    *os.File
	// sync makes what was written to a file or directory durable. It is a field
	// so that tests can see what is synced and when.
	sync func(*os.File) error
}

var _ objstore.Store = (*Store)(nil)

// Option changes how a store works.
type Option func(*Store)

// WithoutSync leaves out every fsync: objects do not survive a crash of the
// machine. It is for tests.
func WithoutSync() Option {
	return func(s *Store) { s.sync = func(*os.File) error { return nil } }
}

// Open opens the store in a directory and makes the directory if there is none.
// Several processes may have the same store open.
func Open(dir string, opts ...Option) (*Store, error) {
	s, err := open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("open object store %q: %w", dir, err)
	}
	return s, nil
}

func open(dir string, opts []Option) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{objects: filepath.Join(dir, "objects"), tmp: filepath.Join(dir, "tmp"), sync: (*os.File).Sync}
	for _, o := range opts {
		o(s)
	}
	there := nearestExisting(dir)
	for _, d := range []string{s.objects, s.tmp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	if err := s.syncUpTo(s.objects, there); err != nil {
		return nil, err
	}
	s.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := s.start(dir); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// nearestExisting is the directory, or the one above it that exists.
func nearestExisting(dir string) string {
	for {
		_, err := os.Lstat(dir)
		if !errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// start takes the shared lock, after having cleaned up if nobody else holds it.
func (s *Store) start(dir string) error {
	alone, err := flock(s.lock, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return err
	}
	if alone {
		if err := removeLeftovers(s.tmp); err != nil {
			return err
		}
	}
	_, err = flock(s.lock, syscall.LOCK_SH)
	return err
}

// Close gives up the store's claim on the directory. It may not be used after.
func (s *Store) Close() error {
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("close object store: %w", err)
	}
	return nil
}

// flock locks a file. It reports false if another open file holds a lock in the
// way and how says not to wait.
func flock(f *os.File, how int) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, fmt.Errorf("lock %q: %w", f.Name(), err)
		}
	}
}

// removeLeftovers removes the files that a crash left in tmp/.
func removeLeftovers(tmp string) error {
	names, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), tmpPrefix) {
			continue // not one of ours
		}
		if err := os.Remove(filepath.Join(tmp, n.Name())); err != nil {
			return err
		}
	}
	return nil
}
