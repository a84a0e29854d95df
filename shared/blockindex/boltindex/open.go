package boltindex

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

const (
	// lockWait is how long Open waits for another process to let go of the file,
	// such as one that is just being stopped.
	lockWait = time.Second
	// insertDelay is how long an Insert waits for others that may share its
	// fsync.
	insertDelay = 2 * time.Millisecond
)

// Index is a block index in a bbolt file.
type Index struct{ db *bbolt.DB }

var _ blockindex.Index = (*Index)(nil)

// Open opens the index in a file and makes the file if there is none; its
// directory must exist. If another process has it open Open waits about a
// second for it and then fails.
func Open(path string) (*Index, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open block index: %q is in use by another process: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open block index %q: %w", path, err)
	}
	db.MaxBatchDelay = insertDelay
	if err := prepare(db, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open block index %q: %w", path, err), db.Close())
	}
	return &Index{db}, nil
}

// prepare makes the bucket of the tenants, and makes it durable that the file
// exists, which bbolt leaves to its caller.
func prepare(db *bbolt.DB, path string) error {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte(tenantsBucket))
		return err
	})
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close waits for calls that are under way and closes the file. Calls after it
// fail.
func (ix *Index) Close() error {
	if err := ix.db.Close(); err != nil {
		return fmt.Errorf("close block index: %w", err)
	}
	return nil
}
