package sqsqueue

import (
	"fmt"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// checkHandle refuses the i-th handle of a call: one that is there twice, and
// one that cannot come from SQS, for which it might refuse the whole call.
func checkHandle(handles []string, i int) error {
	if slices.Contains(handles[:i], handles[i]) || slices.Contains(handles[i+1:], handles[i]) {
		return fmt.Errorf("%w: handle is there twice", queue.ErrBadEntry)
	}
	if handles[i] == "" || !queue.Printable(handles[i]) {
		return fmt.Errorf("%w: %q is none", queue.ErrHandle, handles[i])
	}
	return nil
}

// seconds is a duration in the seconds of SQS, rounded up.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }
