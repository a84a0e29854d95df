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
	WantSeries                 // totals by time and labels
	WantLabels                 // label sets
)

// Task is a query that can be answered from some of the blocks at a time, by
// whoever has them at hand: the answers, merged in any order and grouping, are
// the answer from all blocks.
type Task struct {
	Want
	Query
	Buckets Buckets  // of WantSeries
	GroupBy []string // of WantSeries
}

// Report is the answer to a task from some blocks: the field that the task
// wants is set. An empty report is the answer from no blocks.
type Report struct {
	Tree   *flamegraph.Tree
	Merged *Merged
	Series map[string]*TimeSeries // by the labels' String
	Labels map[string]LabelSet    // by the labels' String and type
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
		var series []TimeSeries
		series, err = e.TimeSeries(ctx, blocks, t.Query, t.Buckets, t.GroupBy)
		for i := range series {
			r.Series[series[i].Labels.String()] = &series[i]
		}
	case WantLabels:
		r.Labels, err = e.labelSets(ctx, blocks, t.Query)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (e *Engine) labelSets(ctx context.Context, blocks []*block.Meta, q Query) (map[string]LabelSet, error) {
	sets, err := Series(ctx, e, blocks, q.Selector, q.From, q.To,
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

func (l *LabelSet) key() string { return l.Type.String() + l.Pushed.String() }

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

// SortedLabels returns the label sets as clients see them, ordered.
func (r *Report) SortedLabels() []profile.Labels {
	out := make([]profile.Labels, 0, len(r.Labels))
	for _, l := range r.Labels {
		out = append(out, l.Type.SeriesLabels(l.Pushed))
	}
	slices.SortFunc(out, profile.Labels.Compare)
	return out
}
