package query

import (
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/flamebearer"
)

func newTimeline(points []engine.Sum, b engine.Buckets, step int64, value func(engine.Sum) float64) flamebearer.Timeline {
	t := flamebearer.Timeline{StartTime: b.Start / 1000, DurationDelta: step, Samples: make([]int64, len(points))}
	for i, p := range points {
		if p.Profiles > 0 {
			t.Samples[i] = int64(math.Round(value(p)))
		}
	}
	return t
}
