package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// fullTask has something in every field.
func fullTask(t testing.TB) engine.Task {
	sel, err := selector.Parse(`{service_name=~"a|b.*", "odd name"!="x\"y", pod!~"p-[0-9]+"}`)
	require.NoError(t, err)
	return engine.Task{
		Want: engine.WantHeat,
		Query: engine.Query{
			Selector: sel, Type: cpuType(), Bounds: block.Bounds{"acme": {Rest: 5, Services: map[string]int64{"a": 9, "": -1}}, "b": {Rest: 1}},
			From: blocktest.Start, To: blocktest.Start + int64(time.Hour),
			Spans: map[uint64]bool{7: true, 1 << 63: true}, Traces: map[engine.TraceID]bool{{Hi: 1, Lo: 2}: true, {Hi: 1}: true},
			Profiles: map[profile.ID]bool{{1}: true, {2}: true}, CallSite: []string{"main", ""},
		},
		Grouping: engine.Grouping{
			Buckets: engine.Buckets{Start: -5, Step: 15_000, Count: 240}, GroupBy: []string{"pod", "pod"},
			Exemplars: true, PerSpan: true, Values: engine.ValueRange{Min: -1, Max: 9},
		},
	}
}

func TestTasksTravel(t *testing.T) {
	all := tasks()
	all["full"] = fullTask(t)
	none := fullTask(t)
	none.Spans, none.Profiles = map[uint64]bool{}, map[profile.ID]bool{} // not the same as all
	all["none selected"] = none
	for name, task := range all {
		b := task.Append(nil)
		got, err := engine.ParseTask(b)
		require.NoError(t, err, name)
		require.Equal(t, task.Selector.String(), got.Selector.String(), name)
		task.Selector, got.Selector = nil, nil // it holds compiled patterns
		require.Equal(t, task, got, name)
		for cut := range b { // nothing that is cut off is a task
			_, err := engine.ParseTask(b[:cut])
			require.ErrorIs(t, err, engine.ErrTask, "%s cut at %d", name, cut)
		}
	}
}

func TestTasksThatAreRefused(t *testing.T) {
	for name, change := range map[string]func(*engine.Task){
		"wants nothing":   func(t *engine.Task) { t.Want = 0 },
		"wants too much":  func(t *engine.Task) { t.Want = engine.WantHeat + 1 },
		"too many points": func(t *engine.Task) { t.Buckets.Count = engine.MaxPoints + 1 },
		"no step":         func(t *engine.Task) { t.Buckets.Step = 0 },
		"bad regexp":      func(t *engine.Task) { t.Selector = selector.Selector{{Name: "a", Op: selector.Match, Value: "("}} },
	} {
		task := fullTask(t)
		change(&task)
		_, err := engine.ParseTask(task.Append(nil))
		require.ErrorIs(t, err, engine.ErrTask, name)
	}
	task := fullTask(t)
	_, err := engine.ParseTask(append(task.Append(nil), 0))
	require.ErrorIs(t, err, engine.ErrTask)
}

func FuzzParseTask(f *testing.F) {
	for _, task := range tasks() {
		f.Add(task.Append(nil))
	}
	full := fullTask(f)
	f.Add(full.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		task, err := engine.ParseTask(b)
		if err != nil {
			return
		}
		again, err := engine.ParseTask(task.Append(nil))
		require.NoError(t, err)
		require.Equal(t, task.Append(nil), again.Append(nil))
	})
}

// What a selection leaves out of blocks does not change an answer.
func TestASelectionHasAllThatATaskNeeds(t *testing.T) {
	w := newWorld(t, 21, 120, 10, block.Options{})
	leftOut := 0
	for _, text := range []string{`{}`, `{service_name="service-1"}`, `{service_name=~"service-[12]",pod="pod-1"}`, `{__type__="none"}`, `{service_name="none"}`} {
		sel, err := selector.Parse(text)
		require.NoError(t, err)
		for name, task := range tasks() {
			task.Selector = sel
			selection := engine.NewSelection(&task)
			var kept []*block.Meta
			for _, m := range w.blocks {
				if part, bytes := selection.Of(m); part != nil {
					require.Positive(t, bytes)
					require.LessOrEqual(t, bytes, m.Size)
					kept = append(kept, part)
					leftOut += len(m.Datasets) - len(part.Datasets)
				} else {
					leftOut += len(m.Datasets)
				}
			}
			want, err := w.engine.Run(t.Context(), w.blocks, task)
			require.NoError(t, err)
			got, err := w.engine.Run(t.Context(), kept, task)
			require.NoError(t, err)
			require.Equal(t, render(t, want), render(t, got), "%s of %s", name, text)
		}
	}
	require.Greater(t, leftOut, 100)
}

// Blocks that cannot be read are noted, up to a few; without a note they fail
// the task.
func TestLosses(t *testing.T) {
	w := newWorld(t, 22, 60, 8, block.Options{})
	task := tasks()["tree"]
	delete(w.objects, w.blocks[1].Key())
	w.objects[w.blocks[2].Key()] = nil // an object of another size
	var losses engine.Losses
	got, err := w.engine.Tolerating(&losses).Run(t.Context(), w.blocks, task)
	require.NoError(t, err)
	require.Equal(t, []string{w.blocks[1].ID}, losses.Gone())
	require.Equal(t, []string{w.blocks[2].ID}, losses.Failed())
	require.ErrorIs(t, losses.Err(), block.ErrCorrupt)
	_, err = w.engine.Run(t.Context(), w.blocks, task)
	require.Error(t, err)
	want, err := w.engine.Run(t.Context(), append(w.blocks[:1:1], w.blocks[3:]...), task)
	require.NoError(t, err)
	require.Equal(t, render(t, want), render(t, got))
	for _, m := range w.blocks {
		w.objects[m.Key()] = nil
	}
	_, err = w.engine.Tolerating(&engine.Losses{}).Run(t.Context(), w.blocks, task)
	require.ErrorIs(t, err, block.ErrCorrupt, "so many that the store must be at fault")
}
