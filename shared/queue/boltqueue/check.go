package boltqueue

import (
	"fmt"

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
