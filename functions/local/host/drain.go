package host

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// idleWait is how long a run of the drainer waits for a first message.
	// There is nothing to save by ending early on a laptop.
	idleWait = 20 * time.Second
	// drainPause keeps a drainer that fails at once from spinning.
	drainPause = time.Second
)

// drainLoops starts the segment function again and again for each queue, where
// EventBridge Scheduler does it once a minute.
func (h *Host) drainLoops(ctx context.Context) {
	var loops sync.WaitGroup
	for i := range h.queues {
		loops.Go(func() { h.drainLoop(ctx, i) })
	}
	loops.Wait()
}

func (h *Host) drainLoop(ctx context.Context, i int) {
	turn := fmt.Appendf(nil, `{"queue": %d}`, i)
	for ctx.Err() == nil {
		// The function logs its own errors.
		if err := h.drain(ctx, turn); err != nil {
			select {
			case <-time.After(drainPause):
			case <-ctx.Done():
			}
		}
	}
}
