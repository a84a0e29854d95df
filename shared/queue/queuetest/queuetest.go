// Package queuetest checks that a queue keeps the contract of package queue,
// and breaks queues on purpose: see [Run] and [Faults].
package queuetest

import (
	"testing"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Harness is a queue to be checked. It must be empty and used by nobody else.
type Harness struct {
	Queue queue.Queue
	// Advance moves the queue's clock, and wakes up what waits for it. It is
	// nil for a real service; then the suite sleeps for a few seconds here and
	// there, runs checks in parallel, and leaves out, with a line in the log, what would take minutes.
	Advance func(d time.Duration)
	// Reopen loses the process that has the queue open and returns the queue
	// as the next process finds it. It is nil if no part of the queue lives in
	// this process.
	Reopen func() queue.Queue
	// Waiting is how many Receives wait for a message. If it is nil, the suite
	// gives them a moment to begin.
	Waiting func() int
}

// check is one subtest.
type check struct {
	name string
	run  func(c *contract)
}

// Run checks every sentence of the contract against queues from open, which is
// called anew for each subtest.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, group := range []struct {
		name   string
		checks []check
	}{
		{"limits", limitChecks},
		{"durability", durabilityChecks},
		{"at least once", visibilityChecks},
		{"handles", handleChecks},
		{"order", orderChecks},
		{"deduplication", dedupChecks},
		{"results", resultChecks},
		{"waiting", waitChecks},
		{"concurrency", concurrencyChecks},
		{"depth", depthChecks},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, one := range group.checks {
				t.Run(one.name, func(t *testing.T) {
					h := open(t)
					if h.Advance == nil {
						t.Parallel() // a check of a real service spends its time asleep
					}
					one.run(newContract(t, h))
				})
			}
		})
	}
	t.Run("with the clock moved", func(t *testing.T) {
		if open(t).Advance == nil {
			for _, one := range clockChecks {
				t.Logf("left out: %q, because the clock of this queue cannot be moved", one.name)
			}
			return
		}
		for _, one := range clockChecks {
			t.Run(one.name, func(t *testing.T) { one.run(newContract(t, open(t))) })
		}
	})
}
