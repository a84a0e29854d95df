package engine

import (
	"errors"
	"slices"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// maxLosses is how many blocks of a task may fail to be read before the rest is
// given up: a store that fails for so many fails for all.
const maxLosses = 4

// Losses are the blocks that could not be read. It may be used by many
// goroutines.
type Losses struct {
	mu     sync.Mutex
	gone   []string
	failed []string
	// archived are there, but have to be restored before they can be read.
	archived []string
	err      error
}

// note takes down why a block could not be read and reports whether the rest
// is still worth reading.
func (l *Losses) note(id string, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, objstore.ErrNotExist) {
		l.gone = append(l.gone, id)
		return true
	}
	if errors.Is(err, objstore.ErrArchived) {
		l.archived = append(l.archived, id)
		return true
	}
	l.failed = append(l.failed, id)
	if l.err == nil {
		l.err = err
	}
	return len(l.failed) < maxLosses
}

// Gone returns the ids of the blocks that are not there, sorted: they were
// swept since the index was asked, or are lost.
func (l *Losses) Gone() []string { return l.sorted(&l.gone) }

// Failed returns the ids of the blocks that are there, as far as is known, but
// could not be read; sorted.
func (l *Losses) Failed() []string { return l.sorted(&l.failed) }

// Archived returns the ids of the blocks that have to be restored before they can
// be read, see objstore.ErrArchived; sorted.
func (l *Losses) Archived() []string { return l.sorted(&l.archived) }

func (l *Losses) sorted(ids *[]string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(*ids)
	slices.Sort(out)
	return slices.Compact(out)
}

// Err is why the first of the failed blocks could not be read; nil if none
// failed.
func (l *Losses) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Tolerating returns an engine that leaves out blocks that cannot be read,
// notes them, and answers from the others. Bytes that were read and are corrupt
// still fail the task, as does a store that fails for several blocks.
func (e *Engine) Tolerating(l *Losses) *Engine {
	out := *e
	out.losses = l
	return &out
}
