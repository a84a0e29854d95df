package deployment

import (
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// Schedule starts a function again and again.
type Schedule struct {
	ID       string
	Function string
	Every    time.Duration // whole minutes
	Event    any           // of the function, as JSON; nil for none
}

// Schedules start what nobody calls: for each queue a drainer and the extra
// ones, which look whether there is a backlog; the planner of merges; and the
// sweeper.
func (c Config) Schedules() []Schedule {
	var all []Schedule
	for q := range c.Size.Queues {
		for extra := range c.Size.ExtraDrainers + 1 {
			all = append(all, Schedule{
				ID: fmt.Sprintf("DrainQueue%dTurn%d", q, extra), Function: Segment, Every: time.Minute,
				Event: segment.Turn{Queue: &q, Extra: extra},
			})
		}
	}
	return append(all,
		Schedule{ID: "Plan", Function: CompactPlan, Every: time.Minute},
		Schedule{ID: "SweepTick", Function: Sweep, Every: 10 * time.Minute})
}
