package engine

import (
	"context"
	"fmt"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// HeatRows is into how many parts a heatmap divides the values that it spans:
// as many as with Pyroscope.
const HeatRows = 20

// ValueRange is the least and the greatest of some values. Without values, Min
// is greater than Max; see NoValues.
type ValueRange struct{ Min, Max int64 }

// NoValues is the range of no values.
func NoValues() ValueRange { return ValueRange{math.MaxInt64, math.MinInt64} }

// Empty reports whether there are no values.
func (r ValueRange) Empty() bool { return r.Min > r.Max }

func (r ValueRange) union(o ValueRange) ValueRange {
	return ValueRange{min(r.Min, o.Min), max(r.Max, o.Max)}
}

// Floor is the least value of a row; rows are of equal height.
func (r ValueRange) Floor(row int) float64 {
	return float64(r.Min) + float64(row)*r.height()
}

func (r ValueRange) height() float64 { return (float64(r.Max) - float64(r.Min)) / HeatRows }

// row returns the row of a value in the range.
func (r ValueRange) row(v int64) int {
	if r.Min >= r.Max {
		return 0
	}
	return min(max(int((float64(v)-float64(r.Min))/r.height()), 0), HeatRows-1)
}

// Heatmap is one group of series in a heatmap.
type Heatmap struct {
	Labels profile.Labels
	// Cells are those that are not empty, by bucket · HeatRows + row.
	Cells map[int64]HeatCell
	// Total is the sum of all values.
	Total int64
}

// HeatCell is how many profiles, or spans of profiles, of a bucket of time have
// a value in a row.
type HeatCell struct {
	Count    int64
	Exemplar *Exemplar // of the greatest value; nil if none were asked for
}

// cellWeight is how many points a cell counts for in MaxPoints.
const cellWeight = 8

// Values returns the least and the greatest value that a heatmap of the
// grouping, whose Values do not count, has to span.
func (e *Engine) Values(ctx context.Context, blocks []*block.Meta, q Query, g Grouping) (ValueRange, error) {
	g.Exemplars = false
	workers, err := each(ctx, e, blocks, g.request(&q),
		func() *heatWorker { return newHeatWorker(&q, &g) },
		func(w *heatWorker, dec *block.Decoder, d *block.Dataset) error {
			return w.visit(dec, d, func(_ *Heatmap, _ int, x Exemplar) error {
				w.seen = w.seen.union(ValueRange{x.Value, x.Value})
				return nil
			})
		},
	)
	all := NoValues()
	for _, w := range workers {
		all = all.union(w.seen)
	}
	return all, err
}

// Heatmaps counts the selected profiles, or the spans in them, by labels, time
// and value. Values must span all of them, see the method Values. More cells
// than MaxPoints allows are ErrTooManyPoints.
func (e *Engine) Heatmaps(ctx context.Context, blocks []*block.Meta, q Query, g Grouping) (map[string]*Heatmap, error) {
	workers, err := each(ctx, e, blocks, g.request(&q),
		func() *heatWorker { return newHeatWorker(&q, &g) },
		func(w *heatWorker, dec *block.Decoder, d *block.Dataset) error { return w.visit(dec, d, w.count) },
	)
	if err != nil {
		return nil, err
	}
	all := workers[0].groups.byKey
	for _, w := range workers[1:] {
		mergeHeatmaps(all, w.groups.byKey)
	}
	cells := 0
	for _, h := range all {
		cells += len(h.Cells)
	}
	return all, checkCells(cells)
}

func checkCells(n int) error {
	if n > MaxPoints/cellWeight {
		return fmt.Errorf("%w: at least %d cells of heatmaps", ErrTooManyPoints, n)
	}
	return nil
}

func mergeHeatmaps(to, from map[string]*Heatmap) {
	for key, h := range from {
		have, ok := to[key]
		if !ok {
			to[key] = h
			continue
		}
		have.Total += h.Total
		for at, c := range h.Cells {
			old := have.Cells[at]
			have.Cells[at] = HeatCell{old.Count + c.Count, better(old.Exemplar, c.Exemplar)}
		}
	}
}

type heatWorker struct {
	counter
	groups groups[Heatmap]
	cells  int // of all groups
	seen   ValueRange
}

func newHeatWorker(q *Query, g *Grouping) *heatWorker {
	return &heatWorker{
		counter: counter{q: q, g: g}, seen: NoValues(),
		groups: newGroups(func(ls profile.Labels, n int) (*Heatmap, error) {
			return &Heatmap{Labels: ls, Cells: make(map[int64]HeatCell)}, checkCells(n + 1)
		}),
	}
}

// visit calls add for each selected profile of a dataset, or each span in them:
// with its group, its bucket of time, and what can be told of it.
func (w *heatWorker) visit(dec *block.Decoder, d *block.Dataset, add func(h *Heatmap, bucket int, x Exemplar) error) error {
	of, err := w.groups.of(w.q, w.g, dec, d)
	if err != nil || of.none() {
		return err
	}
	if err := w.begin(dec, d); err != nil {
		return err
	}
	for _, p := range d.Parts {
		got, spans, err := w.part(dec, p)
		if err != nil {
			return err
		}
		one := func(i int32, span spanKey, v int64) error {
			h := of.group(got.series[i])
			k, ok := w.g.Buckets.index(got.times[i])
			if h == nil || !ok || !w.wants(&got, int(i)) {
				return nil
			}
			x := Exemplar{Time: got.times[i], Value: v, Span: span.span, Trace: span.trace}
			if w.g.Exemplars {
				x.ID, x.Pushed = got.ids[i], of.series[got.series[i]].Labels
			}
			return add(h, k, x)
		}
		if err := eachValue(&got, spans, one); err != nil {
			return err
		}
	}
	return nil
}

// part reads the values of a part by profile or, if spans are counted, by span.
func (w *heatWorker) part(dec *block.Decoder, p *block.Part) (got counted, spans map[spanKey]int64, err error) {
	if w.g.PerSpan {
		return w.spanValues(dec, p)
	}
	got, err = w.values(dec, p)
	return got, nil, err
}

func eachValue(got *counted, spans map[spanKey]int64, f func(i int32, span spanKey, v int64) error) error {
	for i, v := range got.values {
		if err := f(int32(i), spanKey{}, v); err != nil {
			return err
		}
	}
	for k, v := range spans {
		if err := f(k.profile, k, v); err != nil {
			return err
		}
	}
	return nil
}

// count adds to the cell of a value.
func (w *heatWorker) count(h *Heatmap, bucket int, x Exemplar) error {
	at := int64(bucket)*HeatRows + int64(w.g.Values.row(x.Value))
	c, ok := h.Cells[at]
	if !ok {
		w.cells++
		if err := checkCells(w.cells); err != nil {
			return err
		}
	}
	c.Count++
	h.Total += x.Value
	if w.g.Exemplars && c.Exemplar.mayYield(x.Value) {
		c.Exemplar = better(c.Exemplar, &x)
	}
	h.Cells[at] = c
	return nil
}
