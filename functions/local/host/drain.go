package host

import (
	"context"
	"time"
)

const (
	// idleWait is how long a run of the drainer waits for a first message.
	// There is nothing to save by ending early on a laptop.
	idleWait = 20 * time.Second
	// drainPause keeps a drainer that fails at once from spinning.
	drainPause = time.Second
)

// drainLoop starts the segment function again and again, where EventBridge
// Scheduler does it once a minute.
func (h *Host) drainLoop(ctx context.Context) {
	for ctx.Err() == nil {
		// The function logs its own errors.
		if err := h.drain(ctx, nil); err != nil {
			select {
			case <-time.After(drainPause):
			case <-ctx.Done():
			}
		}
	}
}
