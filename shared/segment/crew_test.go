package segment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// crew returns a crew of two queues, of which the second has so many messages
// more than the first.
func crew(t *testing.T, backlog, first, second int) (*world, *segment.Crew) {
	w := newWorld(t)
	source := func() segment.Source { return segment.Source{Drainer: w.drainer(), Gauge: w.queue} }
	for range first {
		w.push("acme", 1<<w.n, false)
	}
	a := source()
	w.queue = queuetest.NewMem(w.clock)
	for range second {
		w.push("acme", 1<<w.n, false)
	}
	b := source()
	return w, segment.NewCrew(backlog, a, b)
}

func TestACrewDrainsTheQueueOfItsTurn(t *testing.T) {
	number := func(n int) *int { return &n }
	for name, c := range map[string]struct {
		turn segment.Turn
		want int
	}{
		"the first":                       {segment.Turn{Queue: number(0)}, 3},
		"the second":                      {segment.Turn{Queue: number(1)}, 8},
		"all":                             {segment.Turn{}, 11},
		"an extra one with nothing to do": {segment.Turn{Queue: number(0), Extra: 1}, 0},
		"an extra one":                    {segment.Turn{Queue: number(1), Extra: 1}, 8},
		"a second extra one":              {segment.Turn{Queue: number(1), Extra: 2}, 8},
		"a third extra one":               {segment.Turn{Queue: number(1), Extra: 3}, 0},
		"an extra one for all":            {segment.Turn{Extra: 1}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			_, crew := crew(t, 4, 3, 8)
			stats, err := crew.Run(t.Context(), c.turn)
			require.NoError(t, err)
			require.Equal(t, c.want, stats.Messages)
		})
	}
	w, crew := crew(t, 4, 3, 8)
	_, err := crew.Run(t.Context(), segment.Turn{})
	require.NoError(t, err)
	w.requireAllStoredOnce(t, "all")
	for _, n := range []int{-1, 2} {
		_, err := crew.Run(t.Context(), segment.Turn{Queue: &n})
		require.ErrorContains(t, err, "there are queues 0 to 1")
	}
	_, err = crew.Run(t.Context(), segment.Turn{Extra: -1})
	require.ErrorContains(t, err, "extra is -1")
}

// TestAnIdleTurnIsShort: with no traffic, what the schedules start makes one
// call each and waits for IdleWait at most.
func TestAnIdleTurnIsShort(t *testing.T) {
	w, crew := crew(t, 4, 0, 0)
	before := w.clock()
	_, err := crew.Run(t.Context(), segment.Turn{Extra: 1})
	require.NoError(t, err)
	require.Equal(t, before, w.clock())
	require.Zero(t, w.plan.Calls())
	zero := 0
	_, err = crew.Run(t.Context(), segment.Turn{Queue: &zero})
	require.NoError(t, err)
	require.Equal(t, 1, w.plan.Calls())
	require.LessOrEqual(t, w.clock().Sub(before), settings().IdleWait)
}
