package boltqueue

import (
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// all is a result that has the same error for each of n entries, one at least.
func all(n int, err error) []error {
	errs := make([]error, max(n, 1))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// result is errs, or nil if all of it is nil.
func result(errs []error) []error {
	if queue.First(errs) == nil {
		return nil
	}
	return errs
}

// checkCount refuses a call as a whole for its number of entries.
func checkCount(n int) error {
	if n < 1 || n > queue.MaxBatch {
		return fmt.Errorf("%w: %d entries, want 1 to %d", queue.ErrBadEntry, n, queue.MaxBatch)
	}
	return nil
}

// checkBatch refuses a Send as a whole.
func checkBatch(batch []queue.Message) error {
	if err := checkCount(len(batch)); err != nil {
		return err
	}
	total := 0
	for _, m := range batch {
		total += queue.BodyBytes(len(m.Body))
	}
	if total > queue.MaxBatchBytes {
		return fmt.Errorf("%w: bodies count as %d bytes, want at most %d",
			queue.ErrBadEntry, total, queue.MaxBatchBytes)
	}
	return nil
}

// checkMessage refuses one message of a Send.
func checkMessage(m queue.Message) error {
	if len(m.Body) == 0 {
		return fmt.Errorf("%w: no body", queue.ErrBadEntry)
	}
	if err := checkID("group", m.Group); err != nil {
		return err
	}
	return checkID("deduplication id", m.DedupID)
}

func checkID(what, id string) error {
	if id == "" || len(id) > queue.MaxIDBytes {
		return fmt.Errorf("%w: %s has %d bytes, want 1 to %d", queue.ErrBadEntry, what, len(id), queue.MaxIDBytes)
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return fmt.Errorf("%w: %s %q: want letters, digits and ASCII punctuation", queue.ErrBadEntry, what, id)
		}
	}
	return nil
}

func checkVisibility(d time.Duration) error {
	if d < 0 || d > queue.MaxVisibility {
		return fmt.Errorf("%w: visibility timeout %s, want 0 to %s", queue.ErrBadEntry, d, queue.MaxVisibility)
	}
	return nil
}

func checkReceive(limit int, wait, visibility time.Duration) error {
	if err := checkCount(limit); err != nil {
		return err
	}
	if wait < 0 || wait > queue.MaxWait {
		return fmt.Errorf("%w: wait %s, want 0 to %s", queue.ErrBadEntry, wait, queue.MaxWait)
	}
	return checkVisibility(visibility)
}

// parseHandles returns the handles and, for those that are none or are there
// twice, errors.
func (q *Queue) parseHandles(texts []string) ([]handle, []error) {
	handles := make([]handle, len(texts))
	errs := make([]error, len(texts))
	for i, text := range texts {
		handles[i], errs[i] = q.parseHandle(text)
		for j := range i {
			if texts[j] == text {
				errs[i] = fmt.Errorf("%w: handle is there twice", queue.ErrBadEntry)
				errs[j] = errs[i]
			}
		}
	}
	return handles, errs
}
