package boltrecords

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

const (
	// lockWait is how long a call waits for other processes.
	lockWait = 5 * time.Second
	// batchDelay is how long a write waits for others that may share its fsync.
	batchDelay = 2 * time.Millisecond
	// purgeLimit is how many expired things a write deletes.
	purgeLimit = 64
)

// errClosed is the error of calls after Close.
var errClosed = errors.New("record store is closed")

// Options of a store. The zero value is usable.
type Options struct {
	Now func() time.Time // the clock of expiry; nil: time.Now
}

// Store is a record store in a bbolt file.
type Store struct {
	path string
	now  func() time.Time

	mu     sync.Mutex
	db     *bbolt.DB // nil while no call is under way
	users  int
	closed bool
	idle   *sync.Cond // users became 0
}

var _ records.Store = (*Store)(nil)

// Open opens the store in a file and makes the file if there is none; its
// directory must exist.
func Open(path string, o Options) (*Store, error) {
	s := &Store{path: path, now: o.Now}
	s.idle = sync.NewCond(&s.mu)
	if s.now == nil {
		s.now = time.Now
	}
	db, err := s.acquire()
	if err != nil {
		return nil, fmt.Errorf("open record store: %w", err)
	}
	defer s.release()
	if err := prepare(db, path); err != nil {
		return nil, fmt.Errorf("open record store %q: %w", path, err)
	}
	return s, nil
}

// prepare makes the buckets, if they are not there, and makes it durable that
// the file exists, which bbolt leaves to its caller.
func prepare(db *bbolt.DB, path string) error {
	ready := false
	err := db.View(func(tx *bbolt.Tx) error {
		ready = tx.Bucket([]byte(valuesBucket)) != nil
		return nil
	})
	if err != nil || ready {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{valuesBucket, countersBucket, expiryBucket} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
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

// acquire opens the file, or joins those who have it open.
func (s *Store) acquire() (*bbolt.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.db == nil {
		db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
		if errors.Is(err, berrors.ErrTimeout) {
			return nil, fmt.Errorf("%q is in use by another process: %w", s.path, err)
		}
		if err != nil {
			return nil, fmt.Errorf("open %q: %w", s.path, err)
		}
		db.MaxBatchDelay = batchDelay
		s.db = db
	}
	s.users++
	return s.db, nil
}

// release closes the file after its last user.
func (s *Store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		_ = s.db.Close() // nothing is written by it
		s.db = nil
		s.idle.Broadcast()
	}
}

// Close waits for calls that are under way. Calls after it fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for s.users > 0 {
		s.idle.Wait()
	}
	return nil
}

// view calls read in a transaction that only reads.
func (s *Store) view(ctx context.Context, read func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	db, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release()
	return db.View(read)
}

// update calls write in a transaction, which may be shared with other calls, or
// repeated. write must not fail for reasons of its own: bbolt would undo what
// others put into the same transaction, and do it again.
func (s *Store) update(ctx context.Context, write func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	db, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release()
	return db.Batch(func(tx *bbolt.Tx) error {
		if err := purge(tx, s.now()); err != nil {
			return err
		}
		return write(tx)
	})
}
