package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// sumsWorld has the same profiles twice: in segments, and in blocks that were
// merged at random from some of them, with sums over various steps and without,
// once or several times.
func sumsWorld(t testing.TB, r *rand.Rand) (w, summed *world) {
	pushed := blocktest.Random(r, 40+r.IntN(200), 1+r.IntN(400))
	for i := range pushed { // some lie on the edges of buckets
		if at := &pushed[i].Profile.TimeNanos; r.IntN(4) == 0 {
			*at = *at - *at%int64(5*time.Minute) + onEdge(r)
		}
	}
	w = &world{objects: blocktest.Objects{}}
	for n := range 3 + r.IntN(5) {
		b := block.NewBuilder(block.Options{})
		for i, p := range pushed {
			if i == n || r.IntN(5) == 0 { // several segments may have it
				require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
			}
		}
		w.put(t, b, id(n+1))
	}
	var err error
	w.reader, err = block.NewReader(w.objects)
	require.NoError(t, err)
	w.engine = engine.New(w.reader)
	// What is in several segments must count once here as well: so all of them
	// are merged, in both worlds, but here in groups of which each has some time.
	return w.grouped(t, r, nil), w.grouped(t, r, [][]time.Duration{nil, {time.Minute}, {5 * time.Minute}, {5 * time.Minute, time.Hour}, {time.Minute, 20 * time.Minute, time.Hour}})
}

// onEdge is a distance from the edge of a bucket.
func onEdge(r *rand.Rand) int64 { return []int64{0, -1, 1e6, 1e6 - 1, 1, 2e6}[r.IntN(6)] }

// grouped merges all blocks into one, without sums, cuts that into blocks by the
// volumes, and merges them again and again at random.
func (w *world) grouped(t testing.TB, r *rand.Rand, steps [][]time.Duration) *world {
	out := *w
	n := 500
	merge := func(from []*block.Meta, opts block.MergeOptions) *block.Meta {
		n++
		m, err := w.reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: id(n), Level: 1}, opts, w.objects.Put)
		require.NoError(t, err)
		return m
	}
	one := merge(w.blocks, block.MergeOptions{Slice: time.Minute, VolumeBytes: 12 << 10})
	out.blocks = one.Split()
	for range r.IntN(4) {
		if steps == nil {
			break
		}
		r.Shuffle(len(out.blocks), func(i, j int) { out.blocks[i], out.blocks[j] = out.blocks[j], out.blocks[i] })
		k := 1 + r.IntN(len(out.blocks))
		m := merge(out.blocks[:k], block.MergeOptions{
			Steps: steps[r.IntN(len(steps))], Slice: []time.Duration{0, time.Minute, 15 * time.Minute}[r.IntN(3)],
			VolumeBytes: 1 << (13 + r.IntN(8)), ShardBytes: 1 << (13 + r.IntN(8)), PartSamples: 1 << (5 + r.IntN(10)),
		})
		out.blocks = append(slices.Clone(out.blocks[k:]), m)
	}
	return &out
}

// randomTime returns a time around those of the profiles, often one at which
// buckets end.
func randomTime(r *rand.Rand, minutes int) int64 {
	at := blocktest.Start + r.Int64N(int64(minutes)*60e9) - 30*60e9
	unit := []int64{1, 60e9, 300e9, 3600e9}[r.IntN(4)]
	if at -= at % unit; unit > 1 {
		at += onEdge(r)
	}
	return at
}

func randomSumsTask(t testing.TB, r *rand.Rand) engine.Task {
	selectors := []string{`{}`, `{service_name="service-1"}`, `{pod="pod-2"}`, `{service_name=~"service-[01]", pod!="pod-0"}`, `{endpoint="/e1"}`}
	sel, err := selector.Parse(selectors[r.IntN(len(selectors))])
	require.NoError(t, err)
	types := []profile.Type{cpuType(), {Name: "memory", Sample: profile.ValueType{Type: "alloc_space", Unit: "bytes"}, Period: profile.ValueType{Type: "space", Unit: "bytes"}}}
	task := engine.Task{
		Want:  []engine.Want{engine.WantTree, engine.WantMerged, engine.WantSeries, engine.WantSeries, engine.WantHeat}[r.IntN(5)],
		Query: engine.Query{Selector: sel, Type: types[r.IntN(2)], From: randomTime(r, 450), To: randomTime(r, 450)},
	}
	if task.From > task.To {
		task.From, task.To = task.To, task.From
	}
	if r.IntN(3) == 0 {
		task.Bounds = block.Bounds{tenant: {Rest: randomTime(r, 450), Services: map[string]int64{"service-1": randomTime(r, 450)}}}
	}
	switch r.IntN(8) {
	case 0:
		task.CallSite = []string{"main.f1"}
	case 1:
		task.Spans = map[uint64]bool{1: true, 2: true}
	}
	step := []int64{7e3, 60e3, 300e3, 900e3, 3600e3, 7200e3}[r.IntN(6)]
	start := task.From / 1e6
	if r.IntN(3) > 0 {
		start -= start % step
	}
	task.Buckets = engine.Buckets{Start: start, Step: step, Count: int((task.To/1e6-start)/step) + 1}
	task.GroupBy = [][]string{nil, {"pod"}, {"service_name", "endpoint"}}[r.IntN(3)]
	task.Exemplars = task.Want == engine.WantSeries && r.IntN(6) == 0
	task.Values = engine.ValueRange{Min: 0, Max: 1 << 40}
	return task
}

// TestSumsAnswerAsProfilesDo asks at random: blocks with sums give the same
// answers as the profiles alone.
func TestSumsAnswerAsProfilesDo(t *testing.T) {
	used, cut := map[engine.Want]int{}, 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 31))
		w, summed := sumsWorld(t, r)
		for range 60 {
			task := randomSumsTask(t, r)
			want, err := w.engine.Run(t.Context(), w.blocks, task)
			require.NoError(t, err)
			got, err := w.engine.Run(t.Context(), summed.blocks, task)
			require.NoError(t, err)
			require.Equal(t, withoutEmpty(render(t, want)), withoutEmpty(render(t, got)), "seed %d: %+v", seed, task)
			pushed, sums := summed.parts(t, &task)
			if sums > 0 {
				used[task.Want]++
				if pushed > 0 {
					cut++
				}
			}
		}
	}
	require.Greater(t, min(used[engine.WantTree], used[engine.WantMerged], used[engine.WantSeries]), 10, "%v", used)
	require.Zero(t, used[engine.WantHeat])
	require.Greater(t, cut, 5)
}

// parts counts the parts that a task reads: those of profiles as they were
// pushed, in blocks that have sums, and those of sums.
func (w *world) parts(t testing.TB, task *engine.Task) (pushed, sums int) {
	req := block.Request{Type: &task.Type, From: task.From, To: task.To, Sums: task.Sums(), Need: block.NeedSamples}
	for _, m := range w.blocks {
		require.NoError(t, w.reader.Read(t.Context(), m, req, func(d *block.Dataset) error {
			for _, p := range d.Parts {
				if p.Step > 0 {
					sums++
				} else if len(m.Sums) > 0 {
					pushed++
				}
			}
			return nil
		}))
	}
	return pushed, sums
}

// withoutEmpty leaves out series and heatmaps without a profile: they are there
// if a part of a block reaches into the time, and clients do not see them.
func withoutEmpty(answer any) any {
	switch all := answer.(type) {
	case []engine.TimeSeries:
		return slices.DeleteFunc(all, func(s engine.TimeSeries) bool {
			return !slices.ContainsFunc(s.Points, func(p engine.Sum) bool { return p != engine.Sum{} })
		})
	case []*engine.Heatmap:
		return slices.DeleteFunc(all, func(h *engine.Heatmap) bool { return len(h.Cells) == 0 })
	}
	return answer
}
