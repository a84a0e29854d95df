package host

import (
	"context"
	"time"
)

// compactLoop starts the compact function every so often, one run after the
// other, where EventBridge Scheduler does it once a minute. It ends with the
// context, in the middle of a run if need be: what is not done is done at the
// next start.
func (h *Host) compactLoop(ctx context.Context) {
	if h.config.CompactInterval <= 0 {
		return
	}
	ticker := time.NewTicker(h.config.CompactInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = h.compact(ctx, nil) // the function logs its own errors
		case <-ctx.Done():
			return
		}
	}
}
