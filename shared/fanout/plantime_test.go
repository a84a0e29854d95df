package fanout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
)

// TestPlansCountWhatIsRead: of the profiles those of the time, and instead of
// them sums where these answer.
func TestPlansCountWhatIsRead(t *testing.T) {
	const size = 100 * mib
	hours := int64(6 * time.Hour)
	from := int64(80_000) * hours
	plain := described("a", 1, size, "svc")
	plain.MinTime, plain.MaxTime = from, from+hours-1
	plain.Volumes[0].MinTime, plain.Volumes[0].MaxTime = plain.MinTime, plain.MaxTime
	summed := *plain
	summed.Sums = []block.StepSums{{Step: int64(5 * time.Minute), Bytes: 10 * mib}, {Step: int64(time.Hour), Bytes: 2 * mib}}
	bytes := func(want engine.Want, m *block.Meta, first, last, step time.Duration) int64 {
		q := task(t, want, `{}`)
		q.From, q.To = from+int64(first), from+int64(last)-1
		q.Buckets = engine.Buckets{Start: from / 1e6, Step: step.Milliseconds(), Count: 6}
		p := fanout.NewPlan(fanout.Limits{InlineBytes: 1 << 40, WorkerBlocks: 9}, q, []*block.Meta{m})
		require.True(t, p.Inline)
		return p.Bytes / mib
	}
	const h = time.Hour
	symbols := int64(20)
	require.Equal(t, symbols+50, bytes(engine.WantTree, plain, -h, 7*h, h))
	// Half of the time and a quarter of an hour, as parts are read as a whole.
	require.Equal(t, symbols+27, bytes(engine.WantTree, plain, 0, 3*h, h))
	// Sums of the hours; half of them are in the section of the buckets.
	require.Equal(t, symbols+1, bytes(engine.WantTree, &summed, -h, 7*h, h))
	// The sums, which are one part, and of the half hour that is left profiles.
	require.Equal(t, symbols+1+6, bytes(engine.WantTree, &summed, -h, 3*h+30*time.Minute, h))
	// Points that do not stand where buckets end, and heatmaps, read profiles.
	require.Equal(t, int64(10+1), bytes(engine.WantSeries, &summed, -h, 7*h, h))
	require.Equal(t, int64(10+10), bytes(engine.WantSeries, &summed, -h, 7*h, 7*time.Second))
	require.Equal(t, int64(10+10), bytes(engine.WantHeat, &summed, -h, 7*h, h))
}
