package queue

import (
	"fmt"
	"time"
)

// CheckCount refuses a call as a whole for its number of entries. The errors
// of this and the other checks wrap ErrBadEntry.
func CheckCount(n int) error {
	if n < 1 || n > MaxBatch {
		return fmt.Errorf("%w: %d entries, want 1 to %d", ErrBadEntry, n, MaxBatch)
	}
	return nil
}

// CheckBatch refuses a Send as a whole: for the number of messages or the size
// of their bodies together.
func CheckBatch(batch []Message) error {
	if err := CheckCount(len(batch)); err != nil {
		return err
	}
	total := 0
	for _, m := range batch {
		total += BodyBytes(len(m.Body))
	}
	if total > MaxBatchBytes {
		return fmt.Errorf("%w: bodies count as %d bytes, want at most %d", ErrBadEntry, total, MaxBatchBytes)
	}
	return nil
}

// CheckMessage refuses one message of a Send.
func CheckMessage(m Message) error {
	if len(m.Body) == 0 {
		return fmt.Errorf("%w: no body", ErrBadEntry)
	}
	if err := checkID("group", m.Group); err != nil {
		return err
	}
	return checkID("deduplication id", m.DedupID)
}

func checkID(what, id string) error {
	if id == "" || len(id) > MaxIDBytes || !Printable(id) {
		return fmt.Errorf("%w: %s %.200q: want 1 to %d letters, digits and ASCII punctuation", ErrBadEntry, what, id, MaxIDBytes)
	}
	return nil
}

// Printable reports whether s is of letters, digits and ASCII punctuation.
func Printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// CheckVisibility refuses a visibility timeout.
func CheckVisibility(d time.Duration) error {
	if d < 0 || d > MaxVisibility {
		return fmt.Errorf("%w: visibility timeout %s, want 0 to %s", ErrBadEntry, d, MaxVisibility)
	}
	return nil
}

// CheckReceive refuses a Receive.
func CheckReceive(limit int, wait, visibility time.Duration) error {
	if err := CheckCount(limit); err != nil {
		return err
	}
	if wait < 0 || wait > MaxWait {
		return fmt.Errorf("%w: wait %s, want 0 to %s", ErrBadEntry, wait, MaxWait)
	}
	return CheckVisibility(visibility)
}
