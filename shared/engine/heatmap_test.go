package engine_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// items is the profiles, or the spans in them, that a query counts.
func (w *world) items(q engine.Query, spans bool) []engine.Exemplar {
	type key struct {
		id   profile.ID
		span uint64
	}
	byKey := map[key]*engine.Exemplar{}
	for _, r := range w.expected(q) {
		k := key{id: r.id}
		if spans {
			if k.span = r.Span; r.Span == 0 || r.Value == 0 {
				continue
			}
		}
		x := byKey[k]
		if x == nil {
			x = &engine.Exemplar{ID: r.id, Time: r.TimeNanos, Span: k.span, Pushed: r.Labels}
			byKey[k] = x
		}
		x.Value += r.Value
	}
	var out []engine.Exemplar
	for _, x := range byKey {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b engine.Exemplar) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Time, b.Time), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Span, b.Span))
	})
	return out
}

func TestHeatmapsCountWhatWentIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		q := engine.Query{Type: cpuType(), From: blocktest.Start, To: blocktest.Start + 3600e9}
		g := engine.Grouping{
			Buckets: engine.Buckets{Start: blocktest.Start / 1e6, Step: 600_000, Count: 7}, GroupBy: []string{"pod"}, Exemplars: true,
		}
		for _, g.PerSpan = range []bool{false, true} {
			items := w.items(q, g.PerSpan)
			var err error
			g.Values, err = w.engine.Values(t.Context(), w.blocks, q, g)
			require.NoError(t, err)
			require.Equal(t, engine.ValueRange{Min: items[len(items)-1].Value, Max: items[0].Value}, g.Values)

			want := map[string]map[int64]engine.HeatCell{}
			for _, x := range items {
				k, _ := bucket(g.Buckets, x.Time)
				row := 0
				for row < engine.HeatRows-1 && float64(x.Value) >= g.Values.Floor(row+1) {
					row++
				}
				pod := x.Pushed.Get("pod")
				if want[pod] == nil {
					want[pod] = map[int64]engine.HeatCell{}
				}
				c := want[pod][int64(k)*engine.HeatRows+int64(row)]
				if c.Count++; c.Exemplar == nil {
					c.Exemplar = &x
				}
				want[pod][int64(k)*engine.HeatRows+int64(row)] = c
			}
			got, err := w.engine.Heatmaps(t.Context(), w.blocks, q, g)
			require.NoError(t, err)
			found := map[string]map[int64]engine.HeatCell{}
			for _, h := range got {
				if len(h.Cells) > 0 {
					found[h.Labels.Get("pod")] = h.Cells
				}
			}
			require.Equal(t, want, found)
		}
	})
}

func TestExemplarsAreTheGreatestOfTheirPoints(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		q := engine.Query{Type: cpuType(), From: blocktest.Start, To: blocktest.Start + 3600e9}
		g := engine.Grouping{Buckets: engine.Buckets{Start: blocktest.Start / 1e6, Step: 600_000, Count: 7}, Exemplars: true}
		want := make([]*engine.Exemplar, 7)
		for _, x := range w.items(q, false) {
			if k, _ := bucket(g.Buckets, x.Time); want[k] == nil {
				want[k] = &x
			}
		}
		series, err := w.engine.TimeSeries(t.Context(), w.blocks, q, g)
		require.NoError(t, err)
		require.Len(t, series, 1)
		require.Equal(t, want, series[0].Exemplars)
	})
}

func TestSeriesAreBounded(t *testing.T) {
	w := newWorld(t, 17, 60, 3, block.Options{})
	q := engine.Query{Type: cpuType(), From: blocktest.Start, To: blocktest.Start + 3600e9}
	g := engine.Grouping{Buckets: engine.Buckets{Start: blocktest.Start / 1e6, Step: 1, Count: engine.MaxPoints}}
	_, err := w.engine.TimeSeries(t.Context(), w.blocks, q, g)
	require.NoError(t, err)
	g.GroupBy = []string{"pod"}
	_, err = w.engine.TimeSeries(t.Context(), w.blocks, q, g)
	require.ErrorIs(t, err, engine.ErrTooManyPoints)
	g.Buckets.Count = engine.MaxPoints / 16
	_, err = w.engine.TimeSeries(t.Context(), w.blocks, q, g)
	require.NoError(t, err)
	g.Exemplars = true
	_, err = w.engine.TimeSeries(t.Context(), w.blocks, q, g)
	require.ErrorIs(t, err, engine.ErrTooManyPoints)

	// A few bytes from the wire make no more.
	task := engine.Task{Want: engine.WantSeries, Query: q}
	task.Buckets.Count = engine.MaxPoints
	wire := []byte{byte(engine.WantSeries), 2}
	for _, pod := range "ab" {
		wire = append(wire, 1, 3, 'p', 'o', 'd', 1, byte(pod))
		wire = binary.AppendUvarint(wire, engine.MaxPoints)
	}
	_, err = engine.ParseReport(wire, task)
	require.ErrorIs(t, err, engine.ErrReport)
	require.ErrorIs(t, err, engine.ErrTooManyPoints)
}
