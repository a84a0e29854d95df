package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
)

// render is what a client would see of a report.
func render(t *testing.T, r *engine.Report) any {
	switch {
	case r.Tree != nil:
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r.Tree.FlameGraph(50))
		require.NoError(t, err)
		return string(b)
	case r.Merged != nil:
		return foldedMerged(r.Merged)
	case r.Series != nil:
		return r.SortedSeries()
	case r.Values != nil:
		return *r.Values
	case r.Heat != nil:
		return r.SortedHeatmaps()
	default:
		return r.SortedLabels()
	}
}

func tasks() map[string]engine.Task {
	q := engine.Query{Type: cpuType(), From: blocktest.Start, To: blocktest.Start + int64(time.Hour)}
	site := q
	site.CallSite = []string{"main.f1"}
	by := engine.Grouping{
		GroupBy: []string{"pod"}, Exemplars: true, Values: engine.ValueRange{Min: 0, Max: 1 << 42},
		Buckets: engine.Buckets{Start: blocktest.Start / 1e6, Step: 15_000, Count: 241},
	}
	spans := by
	spans.PerSpan = true
	return map[string]engine.Task{
		"tree":                  {Want: engine.WantTree, Query: q},
		"merged":                {Want: engine.WantMerged, Query: q},
		"series":                {Want: engine.WantSeries, Query: q, Grouping: engine.Grouping{GroupBy: by.GroupBy, Buckets: by.Buckets}},
		"series with exemplars": {Want: engine.WantSeries, Query: q, Grouping: by},
		"series of a call site": {Want: engine.WantSeries, Query: site, Grouping: by},
		"values":                {Want: engine.WantValues, Query: q, Grouping: by},
		"values of spans":       {Want: engine.WantValues, Query: q, Grouping: spans},
		"heatmap":               {Want: engine.WantHeat, Query: q, Grouping: by},
		"heatmap of spans":      {Want: engine.WantHeat, Query: q, Grouping: spans},
		"labels":                {Want: engine.WantLabels, Query: q},
	}
}

// TestReportsMergeInAnyOrderAndGrouping answers a task from parts of the blocks
// and merges the answers in random trees, over the wire at each step.
func TestReportsMergeInAnyOrderAndGrouping(t *testing.T) {
	w := newWorld(t, 11, 200, 24, block.Options{})
	for name, task := range tasks() {
		t.Run(name, func(t *testing.T) {
			whole, err := w.engine.Run(t.Context(), w.blocks, task)
			require.NoError(t, err)
			want := render(t, whole)
			for seed := range uint64(12) {
				r := rand.New(rand.NewPCG(seed, 2))
				workers := []int{1, 2, 7, 24}[seed%4]
				parts := make([][]*block.Meta, workers)
				for _, m := range w.blocks {
					i := r.IntN(workers)
					parts[i] = append(parts[i], m)
				}
				var reports []*engine.Report
				for _, p := range parts {
					rep, err := w.engine.Run(t.Context(), p, task)
					require.NoError(t, err)
					reports = append(reports, sent(t, task, rep))
				}
				for len(reports) > 1 {
					i, j := r.IntN(len(reports)), r.IntN(len(reports))
					if i == j {
						continue
					}
					reports[i].Merge(reports[j])
					reports[i] = sent(t, task, reports[i])
					reports[j] = reports[len(reports)-1]
					reports = reports[:len(reports)-1]
				}
				require.Equal(t, want, render(t, reports[0]), "%d workers, seed %d", workers, seed)
			}
		})
	}
}

// sent is a report after a trip over the wire.
func sent(t *testing.T, task engine.Task, r *engine.Report) *engine.Report {
	out, err := engine.ParseReport(r.Append(nil), task)
	require.NoError(t, err)
	require.Equal(t, render(t, r), render(t, out))
	return out
}

func TestAnEmptyReportIsTheAnswerFromNoBlocks(t *testing.T) {
	w := newWorld(t, 12, 20, 1, block.Options{})
	for name, task := range tasks() {
		got, err := w.engine.Run(t.Context(), nil, task)
		require.NoError(t, err)
		require.Equal(t, render(t, engine.NewReport(task.Want)), render(t, got), name)
		require.Equal(t, fmt.Sprint(render(t, got)), fmt.Sprint(render(t, sent(t, task, got))), name)
	}
}

func FuzzParseReport(f *testing.F) {
	w := newWorld(f, 13, 20, 1, block.Options{})
	for _, task := range tasks() {
		r, err := w.engine.Run(f.Context(), w.blocks, task)
		require.NoError(f, err)
		f.Add(r.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, task := range tasks() {
			if r, err := engine.ParseReport(b, task); err == nil {
				_, err := engine.ParseReport(r.Append(nil), task)
				require.NoError(t, err)
			}
		}
	})
}
