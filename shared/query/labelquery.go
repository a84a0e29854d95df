package query

import (
	"context"
	"net/http"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// labelQuery is a request about labels.
type labelQuery struct {
	tenants []profile.TenantID
	// selectors select the series that any of them does; none selects all.
	selectors []selector.Selector
	from, to  int64 // Unix nanoseconds, inclusive
}

// parseLabelQuery reads what requests about labels have in common.
func (h *Handler) parseLabelQuery(header http.Header, matchers []string, start, end int64) (*labelQuery, error) {
	tenants, err := h.tenants.Tenants(header)
	if err != nil {
		return nil, err
	}
	r, err := parseRange(start, end)
	if err != nil {
		return nil, err
	}
	q := &labelQuery{tenants: tenants}
	q.from, q.to = r.nanos()
	for _, m := range matchers {
		sel, err := parseSelector(m)
		if err != nil {
			return nil, err
		}
		q.selectors = append(q.selectors, sel)
	}
	return q, nil
}

func parseSelector(s string) (selector.Selector, error) {
	sel, err := selector.Parse(s)
	if err != nil {
		return nil, invalid("parse label selector %q: %w", s, err)
	}
	return sel, nil
}

// selects reports whether the query is about a series.
func (q *labelQuery) selects(set *engine.LabelSet) bool {
	return len(q.selectors) == 0 || slices.ContainsFunc(q.selectors, func(s selector.Selector) bool {
		return !slices.ContainsFunc(s, func(m selector.Matcher) bool { return !m.Matches(set.Get(m.Name)) })
	})
}

// visitSeries calls visit for the series that a query is about, in states that
// it returns. If names are given, visit looks at no other labels; when those
// are in the descriptions of the blocks, no object is read but of blocks of
// which not all counts, and series that differ in other labels are visited as
// one. Time is then judged by blocks, else by parts of blocks.
func visitSeries[S any](ctx context.Context, h *Handler, q *labelQuery, names []string,
	newState func() S, visit func(S, *engine.LabelSet),
) ([]S, error) {
	found, err := h.find(ctx, q.tenants, q.from, q.to)
	if err != nil {
		return nil, err
	}
	if names == nil || !q.isDescribed(names) {
		return readSeries(ctx, h, q, found, newState, visit)
	}
	described, some := found.divide()
	accountOf(ctx).look(len(described.blocks))
	s := newState()
	visitDescribed(described.blocks, func(set *engine.LabelSet) {
		if q.selects(set) {
			visit(s, set)
		}
	})
	if len(some.blocks) == 0 {
		return []S{s}, nil
	}
	states, err := readSeries(ctx, h, q, some, newState, visit)
	return append(states, s), err
}

// readSeries is visitSeries for what only the objects tell.
func readSeries[S any](ctx context.Context, h *Handler, q *labelQuery, found *found,
	newState func() S, visit func(S, *engine.LabelSet),
) ([]S, error) {
	var sel selector.Selector
	if len(q.selectors) == 1 {
		sel = q.selectors[0]
	}
	task := engine.Task{Want: engine.WantLabels, Query: engine.Query{Selector: sel, From: max(q.from, found.from), To: q.to, Bounds: found.bounds}}
	see := func(s S, set *engine.LabelSet) {
		if len(q.selectors) < 2 || q.selects(set) {
			visit(s, set)
		}
	}
	var states []S
	report, err := h.answer(ctx, found, task, func(ctx context.Context, e *engine.Engine, blocks []*block.Meta) (*engine.Report, error) {
		// Series are visited as they are read, which costs a fraction of making
		// the set of them.
		var err error
		states, err = engine.Series(ctx, e, blocks, task.Query, newState, see)
		return engine.NewReport(task.Want), err
	})
	if err != nil {
		return nil, err
	}
	s := newState()
	for _, set := range report.Labels {
		see(s, &set)
	}
	return append(states, s), nil
}

// isDescribed reports whether the descriptions of blocks tell of these labels
// and of all that the query selects by.
func (q *labelQuery) isDescribed(names []string) bool {
	for _, sel := range q.selectors {
		for _, m := range sel {
			if !isDescribedLabel(m.Name) {
				return false
			}
		}
	}
	return !slices.ContainsFunc(names, func(n string) bool { return !isDescribedLabel(n) })
}

// isDescribedLabel reports whether a label follows from the service and the
// profile type.
func isDescribedLabel(name string) bool {
	switch name {
	case profile.LabelServiceName, profile.LabelServiceCopy, profile.LabelName, profile.LabelProfileType,
		profile.LabelType, profile.LabelUnit, profile.LabelPeriodType, profile.LabelPeriodUnit:
		return true
	}
	return false
}

// visitDescribed visits each service with each of its profile types, as blocks
// describe them.
func visitDescribed(blocks []*block.Meta, visit func(*engine.LabelSet)) {
	for _, m := range blocks {
		for i := range m.Datasets {
			d := &m.Datasets[i]
			for _, k := range d.Kinds {
				kind := &m.Kinds[k]
				pushed := profile.NewLabels(profile.LabelName, kind.Name, profile.LabelServiceName, d.Service)
				for v := range kind.Samples {
					visit(&engine.LabelSet{Type: kind.Type(v), Pushed: pushed})
				}
			}
		}
	}
}
