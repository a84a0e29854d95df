package boltqueue

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a queue that tests can crash, in a file of its own.
type fixture struct {
	*Queue
	t    *testing.T
	path string
	opts Options
	time *clock

	plansBefore int // see holdWrites
}

func newFixture(t *testing.T, opts Options) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "queue"), opts: opts, time: newClock()}
	f.opts.Now = f.time.Now
	f.open()
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	q, err := Open(f.path, f.opts)
	require.NoError(f.t, err)
	f.Queue = q
}

// crash leaves the file as a lost process does and opens it again.
func (f *fixture) crash() queue.Queue {
	f.t.Helper()
	close(f.closing)
	f.backlog.close()
	<-f.stopped
	require.NoError(f.t, f.db.Close())
	f.open()
	return f.Queue
}

// advance moves the clock and wakes up what waits for it.
func (f *fixture) advance(d time.Duration) {
	f.time.advance(d)
	f.tick()
}

func (f *fixture) waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiters.len()
}

func TestContract(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Harness {
		f := newFixture(t, Options{})
		return queuetest.Harness{Queue: f.Queue, Advance: f.advance, Reopen: f.crash, Waiting: f.waiting}
	})
}

func TestContractOverCleanClose(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Harness {
		f := newFixture(t, Options{noSync: true})
		reopen := func() queue.Queue {
			require.NoError(t, f.Close())
			f.open()
			return f.Queue
		}
		return queuetest.Harness{Queue: f.Queue, Advance: f.advance, Reopen: reopen, Waiting: f.waiting}
	})
}
