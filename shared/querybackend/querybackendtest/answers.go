package querybackendtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// render is what clients see of a report, so that equal ones compare as equal.
func render(r *engine.Report) any {
	switch {
	case r.Tree != nil:
		return r.Tree.FlameGraph(0)
	case r.Merged != nil:
		stacks := make(map[string]int64)
		table := r.Merged.Table
		for n, v := range r.Merged.Values {
			var key []string
			for at := int32(n); at > 0; at = table.Stacks.Parents[at] {
				l := table.Locations[table.Stacks.Locations[at]]
				for _, line := range table.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
					key = append(key, table.Strings[table.Functions[line.Function].Name])
				}
			}
			stacks[strings.Join(key, ";")] += v
		}
		return stacks
	case r.Series != nil:
		return r.SortedSeries()
	case r.Values != nil:
		return *r.Values
	case r.Heat != nil:
		return r.SortedHeatmaps()
	}
	return r.SortedLabels()
}

func (w *world) want(t *testing.T, task engine.Task, blocks []*block.Meta) any {
	r, err := w.engine.Run(t.Context(), blocks, task)
	require.NoError(t, err)
	return render(r)
}

func testEquality(t *testing.T, w *world) {
	b := w.backend(t)
	for name, task := range tasks() {
		a, err := b.Ask(t.Context(), w.request(task))
		require.NoError(t, err, name)
		require.Equal(t, w.want(t, task, w.blocks), render(a.Report), name)
		require.NotEqual(t, w.want(t, task, nil), render(a.Report), "%s: there must be something to compare", name)
		require.Empty(t, a.Gone)
		require.Empty(t, a.Failed)
	}
}

func testNoBlocks(t *testing.T, w *world) {
	b := w.backend(t)
	for name, task := range tasks() {
		r := w.request(task)
		r.Blocks = nil
		a, err := b.Ask(t.Context(), r)
		require.NoError(t, err, name)
		require.Equal(t, w.want(t, task, nil), render(a.Report), name)
	}
}

func testGone(t *testing.T, w *world) {
	for _, at := range []int{3, 1} {
		require.NoError(t, w.store.Delete(t.Context(), w.blocks[at].Key()))
	}
	a, err := w.backend(t).Ask(t.Context(), w.request(tree()))
	require.NoError(t, err)
	require.Equal(t, []string{w.blocks[1].ID, w.blocks[3].ID}, a.Gone)
	require.Empty(t, a.Failed)
	require.Equal(t, w.want(t, tree(), []*block.Meta{w.blocks[0], w.blocks[2], w.blocks[4]}), render(a.Report))
}

func testFailed(t *testing.T, w *world) {
	w.broken.Store(w.blocks[2].Key(), errors.New("the disk is on fire"))
	a, err := w.backend(t).Ask(t.Context(), w.request(tree()))
	require.NoError(t, err)
	require.Empty(t, a.Gone)
	require.Equal(t, []string{w.blocks[2].ID}, a.Failed)
	w.broken.Delete(w.blocks[2].Key())
	require.Equal(t, w.want(t, tree(), slices.Delete(slices.Clone(w.blocks), 2, 3)), render(a.Report))
}

func testCorrupt(t *testing.T, w *world) {
	m := *w.blocks[0]
	m.Datasets = slices.Clone(m.Datasets)
	for i := range m.Datasets {
		m.Datasets[i].Checksum++
	}
	w.blocks[0] = &m
	a, err := w.backend(t).Ask(t.Context(), w.request(tree()))
	if err == nil {
		require.Equal(t, []string{m.ID}, a.Failed)
		return
	}
	require.ErrorIs(t, err, querybackend.ErrWorker)
}

func testTenancy(t *testing.T, w *world) {
	w.broken.Store(w.foreign.Key(), context.Canceled) // whoever reads it shows
	b := w.backend(t)
	r := w.request(tree())
	r.Blocks = append(slices.Clone(r.Blocks), w.foreign)
	_, err := b.Ask(t.Context(), r)
	require.ErrorIs(t, err, querybackend.ErrRequest)
	r = w.request(tree())
	r.Tenant = "a/b"
	r.Blocks = nil
	_, err = b.Ask(t.Context(), r)
	require.ErrorIs(t, err, querybackend.ErrRequest)
}

func testPoints(t *testing.T, w *world) {
	task := tasks()["series"]
	task.Buckets.Count = engine.MaxPoints
	_, err := w.backend(t).Ask(t.Context(), w.request(task))
	require.ErrorIs(t, err, engine.ErrTooManyPoints)
}

func testTooLarge(t *testing.T, w *world) {
	task := tree()
	task.CallSite = []string{strings.Repeat("x", querybackend.MaxRequestBytes)}
	_, err := w.backend(t).Ask(t.Context(), w.request(task))
	require.ErrorIs(t, err, querybackend.ErrTooLarge)
	// A little less arrives.
	task.CallSite[0] = task.CallSite[0][:querybackend.MaxRequestBytes-100<<10]
	_, err = w.backend(t).Ask(t.Context(), w.request(task))
	require.NoError(t, err)
}

func testStats(t *testing.T, w *world) {
	a, err := w.backend(t).Ask(t.Context(), w.request(tree()))
	require.NoError(t, err)
	var size int64
	for _, m := range w.blocks {
		size += m.Size
	}
	require.Equal(t, int64(len(w.blocks)), a.Stats.Requests, "small blocks take one request each")
	require.Equal(t, size, a.Stats.Bytes)
}

func testDeadline(t *testing.T, w *world) {
	var left int64
	b := w.open(t, func(_ context.Context, c querybackend.Call) (querybackend.Reply, error) {
		left = c.TimeoutMillis
		return w.worker(0)(t.Context(), c)
	}, w)
	_, err := b.Ask(t.Context(), w.request(tree()))
	require.NoError(t, err)
	require.Zero(t, left)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	_, err = b.Ask(ctx, w.request(tree()))
	require.NoError(t, err)
	require.Positive(t, left)
	require.LessOrEqual(t, left, time.Hour.Milliseconds())
	// That the time was up is told.
	late := func(ctx context.Context, c querybackend.Call) (querybackend.Reply, error) {
		ctx, cancel := context.WithDeadline(ctx, time.Unix(1, 0))
		defer cancel()
		return w.worker(0)(ctx, c)
	}
	_, err = w.open(t, late, w).Ask(t.Context(), w.request(tree()))
	require.ErrorIs(t, err, querybackend.ErrWorker)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
