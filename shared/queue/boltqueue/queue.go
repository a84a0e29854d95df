// Package boltqueue is the queue in one file of the local disk, for running
// everything in one process. It keeps the contract of package queue and
// imitates the harsh side of SQS: handles expire and change with each receive,
// what AWS refuses is refused, and only the oldest MaxInFlightPerScan messages
// are looked at.
//
// The file (bbolt) holds what must survive: messages, bodies, deduplication
// ids. Who received what lives in memory only, so that Receive and Extend
// never wait for the disk; the price is that after Open every message counts
// as received before, once. Sends and deletes that run at the same time share
// one transaction and its fsyncs. The file uses freed space again and does not
// shrink.
package boltqueue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrInUse is returned by Open for a file that another Queue has open.
	ErrInUse = errors.New("is in use by another process")
	// ErrClosed is returned by all methods after Close.
	ErrClosed = errors.New("queue is closed")
)

// lockWait is how long Open waits for a file in use: a restart may overlap a
// little with the end of the process before.
const lockWait = time.Second

// Options are settings of a queue; the zero value is good.
type Options struct {
	// Now is the queue's clock, time.Now if nil. Waiting Receives sleep by the
	// real clock and look at this one when they wake up.
	Now func() time.Time

	scan   int  // instead of queue.MaxInFlightPerScan, for tests
	noSync bool // for tests that make thousands of commits
}

// Queue is a queue in a file. Its methods may be called from many goroutines.
type Queue struct {
	path string
	now  func() time.Time
	db   *bbolt.DB
	id   [8]byte // of the file; part of every handle

	// Owned by the committer.
	seq     uint64 // of the last message stored
	garbage garbage
	commits int // transactions that were written

	backlog backlog
	stopped chan struct{} // closed when the committer has ended
	closing chan struct{} // closed when Close begins

	mu      sync.Mutex // guards what follows
	index   *index
	dedup   dedupTable
	waiters waiters
	alarm   alarm
	nonce   uint64 // of the last receive; never repeats, not even after Open
	failed  error  // set for good; nothing works any more
	plans   int    // transactions begun
}

var _ queue.Queue = (*Queue)(nil)

// Open opens the queue of a file and creates the file if there is none; its
// directory must exist. The error wraps ErrInUse if another process has it
// open.
func Open(path string, opts Options) (*Queue, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.scan == 0 {
		opts.scan = queue.MaxInFlightPerScan
	}
	db, err := openFile(path, opts.noSync)
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	q := &Queue{
		path:    path,
		now:     opts.Now,
		db:      db,
		backlog: newBacklog(),
		stopped: make(chan struct{}),
		closing: make(chan struct{}),
		index:   newIndex(opts.scan),
		dedup:   newDedupTable(),
	}
	if err := q.load(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open queue %s: %w", path, err)
	}
	go q.commitLoop()
	return q, nil
}

// Close ends all waiting Receives with an error, finishes what is being
// written and frees the file. Closing again does nothing.
func (q *Queue) Close() error {
	q.mu.Lock()
	if errors.Is(q.failed, ErrClosed) {
		q.mu.Unlock()
		return nil
	}
	broken := q.failed != nil
	q.failed = ErrClosed
	q.alarm.stop()
	q.mu.Unlock()

	close(q.closing)
	q.backlog.close()
	<-q.stopped
	var err error
	if !broken {
		err = q.saveFreelist()
	}
	if err := errors.Join(err, q.db.Close()); err != nil {
		return fmt.Errorf("close queue %s: %w", q.path, err)
	}
	return nil
}

// Stats is a queue at one moment.
type Stats struct {
	Pending  int // messages that are not in flight, be their group locked or not
	InFlight int
	// OldestSent is when the oldest of all these was sent, by the queue's
	// clock, to the millisecond; the zero time if there is none.
	OldestSent time.Time
}

// Stats returns the state of the queue.
func (q *Queue) Stats() Stats {
	now := q.enter()
	defer q.leave(now)
	s := Stats{InFlight: len(q.index.flights)}
	s.Pending = q.index.count - s.InFlight
	if m := q.index.oldest; m != nil {
		s.OldestSent = time.UnixMilli(m.sent)
	}
	return s
}

// Depth is [queue.Gauge.Depth]; it is exact.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	if ctx.Err() != nil {
		return 0, fmt.Errorf("count messages: %w", context.Cause(ctx))
	}
	now := q.enter()
	defer q.leave(now)
	if q.failed != nil {
		return 0, fmt.Errorf("count messages: %w", q.failed)
	}
	return q.index.count - len(q.index.flights), nil
}

// enter locks the queue and brings it up to date.
func (q *Queue) enter() time.Time {
	q.mu.Lock()
	now := q.now()
	if q.index.advance(now) {
		q.backlog.poke()
	}
	return now
}

// leave unlocks the queue after seeing to it that whoever waits for what has
// become free is woken up, now or in time.
func (q *Queue) leave(now time.Time) {
	q.waiters.wake(q.index.ready.len())
	if at, ok := q.index.nextDeadline(); ok && q.waiters.len() > 0 && q.failed == nil {
		q.alarm.set(at, now, q.tick)
	} else {
		q.alarm.stop()
	}
	q.mu.Unlock()
}

// tick runs when a visibility timeout may have passed while Receives wait.
func (q *Queue) tick() {
	q.mu.Lock()
	q.alarm.ran()
	q.mu.Unlock()
	q.leave(q.enter())
}

// syncDir makes the entry of a new file in its directory durable, which the
// file's own fsync does not.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
