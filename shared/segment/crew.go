package segment

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Turn is what a run of the segment function is to do, and the event of the
// schedule that starts it, as JSON.
//
// For each queue one schedule starts a drainer every minute. Others, with an
// Extra from 1 on, start a drainer as well, which leaves at once unless there is
// so much to do: so there are more drainers on a backlog, and at most as many as
// there are schedules. None starts another: Lambda stops chains of invocations.
type Turn struct {
	// Queue is the number of the queue to drain, from 0 on; nil is all of them
	// at once, in one process.
	Queue *int `json:"queue"`
	// Extra is 0 for a drainer that always works. The n-th extra one works if n
	// times Crew's backlog waits in its queue.
	Extra int `json:"extra"`
}

// Source is a queue to be drained.
type Source struct {
	Drainer *Drainer
	Gauge   queue.Gauge // of the Drainer's queue
}

// Crew drains queues, each by a drainer of its own.
type Crew struct {
	backlog int
	sources []Source
}

// NewCrew returns a crew for the queues that are numbered from 0 on. backlog is
// how many messages must wait in a queue for each extra drainer.
func NewCrew(backlog int, sources ...Source) *Crew { return &Crew{backlog, sources} }

// Run does what the turn says; see [Drainer.Run].
func (c *Crew) Run(ctx context.Context, t Turn) (Stats, error) {
	if t.Extra < 0 {
		return Stats{}, fmt.Errorf("drain: extra is %d, want 0 or more", t.Extra)
	}
	sources := c.sources
	if t.Queue != nil {
		n := *t.Queue
		if n < 0 || n >= len(sources) {
			return Stats{}, fmt.Errorf("drain queue %d: there are queues 0 to %d", n, len(sources)-1)
		}
		sources = sources[n : n+1]
	}
	var mu sync.Mutex
	var stats Stats
	var errs []error
	var running sync.WaitGroup
	for _, s := range sources {
		running.Go(func() {
			one, err := c.drain(ctx, s, t.Extra)
			mu.Lock()
			defer mu.Unlock()
			stats.Add(one)
			errs = append(errs, err)
		})
	}
	running.Wait()
	return stats, errors.Join(errs...)
}

func (c *Crew) drain(ctx context.Context, s Source, extra int) (Stats, error) {
	if extra > 0 {
		waiting, err := s.Gauge.Depth(ctx)
		if err != nil {
			return Stats{}, fmt.Errorf("see whether an extra drainer is needed: %w", err)
		}
		if waiting < extra*c.backlog {
			return Stats{}, nil
		}
	}
	return s.Drainer.Run(ctx)
}
