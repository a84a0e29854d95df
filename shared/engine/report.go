package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// Want says what a query is to be answered with.
type Want uint8

// The kinds of answers.
const (
	WantTree   Want = iota + 1 // stack traces by function name
	WantMerged                 // stack traces with all that is known of them
	WantSeries                 // values by time and labels
	WantLabels                 // label sets
	WantValues                 // the least and the greatest value
	WantHeat                   // how often which values are, by time and labels
)

// Task is a query that can be answered from some of the blocks at a time, by
// whoever has them at hand: the answers, merged in any order and grouping, are
// the answer from all blocks.
type Task struct {
	Want
	Query
	Grouping // of WantSeries, WantValues and WantHeat
}

// Report is the answer to a task from some blocks: the field that the task
// wants is set. An empty report is the answer from no blocks.
type Report struct {
	Tree   *flamegraph.Tree
	Merged *Merged
	Series map[string]*TimeSeries // by labels, in a form of its own
	Labels map[string]LabelSet    // by labels and type, likewise
	Values *ValueRange
	Heat   map[string]*Heatmap // by labels, likewise
}

// NewReport returns the answer from no blocks.
func NewReport(w Want) *Report {
	r := &Report{}
	switch w {
	case WantTree:
		r.Tree = flamegraph.New()
	case WantMerged:
		r.Merged = &Merged{Table: symtab.New()}
	case WantSeries:
		r.Series = make(map[string]*TimeSeries)
	case WantLabels:
		r.Labels = make(map[string]LabelSet)
	case WantValues:
		none := NoValues()
		r.Values = &none
	case WantHeat:
		r.Heat = make(map[string]*Heatmap)
	}
	return r
}

// Run answers a task from the blocks.
func (e *Engine) Run(ctx context.Context, blocks []*block.Meta, t Task) (*Report, error) {
	r := NewReport(t.Want)
	var err error
	switch t.Want {
	case WantTree:
		r.Tree, err = e.Tree(ctx, blocks, t.Query)
	case WantMerged:
		r.Merged, err = e.Merge(ctx, blocks, t.Query)
	case WantSeries:
		var series map[string]*TimeSeries
		series, err = e.timeSeries(ctx, blocks, &t.Query, &t.Grouping)
		for _, x := range series {
			r.Series[labelsKey(x.Labels)] = x
		}
	case WantLabels:
		r.Labels, err = e.labelSets(ctx, blocks, t.Query)
	case WantValues:
		*r.Values, err = e.Values(ctx, blocks, t.Query, t.Grouping)
	case WantHeat:
		var heat map[string]*Heatmap
		heat, err = e.Heatmaps(ctx, blocks, t.Query, t.Grouping)
		for _, x := range heat {
			r.Heat[labelsKey(x.Labels)] = x
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (e *Engine) labelSets(ctx context.Context, blocks []*block.Meta, q Query) (map[string]LabelSet, error) {
	sets, err := Series(ctx, e, blocks, q,
		func() map[string]LabelSet { return make(map[string]LabelSet) },
		func(m map[string]LabelSet, l *LabelSet) { m[l.key()] = *l },
	)
	if err != nil {
		return nil, err
	}
	out := make(map[string]LabelSet)
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out, nil
}

// labelsKey identifies labels in maps.
func labelsKey(ls profile.Labels) string { return string(appendLabels(nil, ls)) }

func (l *LabelSet) key() string { return l.Type.String() + labelsKey(l.Pushed) }

// Merge adds another report of the same task, which must not be used
// afterwards. Merging is associative and commutative in what is rendered.
func (r *Report) Merge(o *Report) {
	if r.Tree != nil && o.Tree != nil {
		r.Tree.Merge(o.Tree)
	}
	if r.Merged != nil && o.Merged != nil {
		r.Merged.add(o.Merged)
	}
	if r.Series != nil {
		mergeGroups(r.Series, o.Series)
	}
	if r.Labels != nil {
		maps.Copy(r.Labels, o.Labels)
	}
	if r.Values != nil && o.Values != nil {
		*r.Values = r.Values.union(*o.Values)
	}
	if r.Heat != nil {
		mergeHeatmaps(r.Heat, o.Heat)
	}
}

// Check reports, by ErrTooManyPoints, whether merging has made the report of a
// task larger than the answer from all blocks at once would be allowed to be.
func (r *Report) Check(t *Task) error {
	if r.Series != nil {
		return checkPoints(&t.Grouping, len(r.Series))
	}
	cells := 0
	for _, h := range r.Heat {
		cells += len(h.Cells)
	}
	return checkCells(cells)
}

// SortedSeries returns the time series ordered by labels.
func (r *Report) SortedSeries() []TimeSeries {
	return sortedSeries(r.Series)
}

func sortedSeries(groups map[string]*TimeSeries) []TimeSeries {
	out := make([]TimeSeries, 0, len(groups))
	for _, s := range groups {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b TimeSeries) int { return a.Labels.Compare(b.Labels) })
	return out
}

// SortedHeatmaps returns the heatmaps ordered by labels.
func (r *Report) SortedHeatmaps() []*Heatmap {
	return slices.SortedFunc(maps.Values(r.Heat), func(a, b *Heatmap) int { return a.Labels.Compare(b.Labels) })
}

// SortedLabels returns the label sets as clients see them, ordered.
func (r *Report) SortedLabels() []profile.Labels {
	out := make([]profile.Labels, 0, len(r.Labels))
	for _, l := range r.Labels {
		out = append(out, l.Type.SeriesLabels(l.Pushed))
	}
	slices.SortFunc(out, profile.Labels.Compare)
	return out
}
