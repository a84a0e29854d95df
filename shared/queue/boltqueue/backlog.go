package boltqueue

import (
	"context"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// op is a Send or a Delete on its way to the file. It belongs to the committer
// until done is closed.
type op struct {
	ctx     context.Context
	sends   []sending
	deletes []deleting
	bytes   int     // of the bodies
	errs    []error // one for each entry of the call; what was refused is there
	done    chan struct{}
}

type sending struct {
	message queue.Message
	dedup   dedupKey
	entry   int // in op.errs
}

type deleting struct {
	handle
	entry int // in op.errs
}

func newOp(ctx context.Context, entries int) *op {
	return &op{ctx: ctx, errs: make([]error, entries), done: make(chan struct{})}
}

// Bounds of one transaction, to bound how long it takes. A single Send fits.
const (
	maxCommitOps   = 2048
	maxCommitBytes = 16 << 20
)

// backlog holds the ops that came while the committer was busy. Its length is
// bounded by the number of callers.
type backlog struct {
	mu     sync.Mutex
	ops    []*op
	closed bool
	bell   chan struct{} // holds one ring
}

func newBacklog() backlog { return backlog{bell: make(chan struct{}, 1)} }

// put reports whether the op will be carried out.
func (b *backlog) put(o *op) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.ops = append(b.ops, o)
	b.poke()
	return true
}

// poke wakes the committer up.
func (b *backlog) poke() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}

// next returns what fits into a transaction, and whether that is the end.
func (b *backlog) next() (ops []*op, end bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, bytes := 0, 0
	for n < len(b.ops) && n < maxCommitOps && (n == 0 || bytes+b.ops[n].bytes <= maxCommitBytes) {
		bytes += b.ops[n].bytes
		n++
	}
	ops = b.ops[:n:n]
	if b.ops = b.ops[n:]; len(b.ops) == 0 {
		b.ops = nil
	}
	return ops, n == 0 && b.closed
}

// close refuses further ops; those that are there are still carried out.
func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.poke()
}
