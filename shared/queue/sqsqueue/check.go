package sqsqueue

import (
	"fmt"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

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
		return fmt.Errorf("%w: bodies count as %d bytes, want at most %d", queue.ErrBadEntry, total, queue.MaxBatchBytes)
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
	if id == "" || len(id) > queue.MaxIDBytes || !printable(id) {
		return fmt.Errorf("%w: %s %.200q: want 1 to %d letters, digits and ASCII punctuation",
			queue.ErrBadEntry, what, id, queue.MaxIDBytes)
	}
	return nil
}

// printable reports whether s is of letters, digits and ASCII punctuation.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
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

// checkHandle refuses the i-th handle of a call: one that is there twice, and
// one that cannot come from SQS, for which it might refuse the whole call.
func checkHandle(handles []string, i int) error {
	if slices.Contains(handles[:i], handles[i]) || slices.Contains(handles[i+1:], handles[i]) {
		return fmt.Errorf("%w: handle is there twice", queue.ErrBadEntry)
	}
	if handles[i] == "" || !printable(handles[i]) {
		return fmt.Errorf("%w: %q is none", queue.ErrHandle, handles[i])
	}
	return nil
}

// seconds is a duration in the seconds of SQS, rounded up.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }
