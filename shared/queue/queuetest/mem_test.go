package queuetest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
)

func TestMemKeepsTheContract(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Harness {
		var mu sync.Mutex
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		m := queuetest.NewMem(func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		})
		return queuetest.Harness{
			Queue: m, Waiting: m.Waiting,
			Reopen: func() queue.Queue { return m },
			Advance: func(d time.Duration) {
				mu.Lock()
				now = now.Add(d)
				mu.Unlock()
				m.Wake()
			},
		}
	})
}
