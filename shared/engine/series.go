package engine

import (
	"context"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// LabelSet is the labels of a series of one profile type: those that were
// pushed, and those that follow from the type.
type LabelSet struct {
	Type   profile.Type
	Pushed profile.Labels
}

// Get returns the value of a label, "" if it is not there.
func (l *LabelSet) Get(name string) string {
	c := constants{service: l.Pushed.Get(profile.LabelServiceName), typ: l.Type}
	if v, ok := c.get(name); ok {
		return v
	}
	return l.Pushed.Get(name)
}

// Series calls visit for every series that the query selects, by labels and
// time, and that may have profiles: time is judged by parts of blocks, but for
// the bounds, which are kept exactly. A series is visited for each of its profile types
// and for each block; calls come from several goroutines, each with a state of
// its own, and the states are returned.
func Series[S any](ctx context.Context, e *Engine, blocks []*block.Meta, q Query,
	newState func() S, visit func(S, *LabelSet),
) ([]S, error) {
	req := block.Request{Service: services(q.Selector), From: q.From, To: q.To, Bounds: q.Bounds, Need: block.NeedSeries}
	if slices.ContainsFunc(blocks, func(m *block.Meta) bool { return !m.CountsWhole(q.Bounds[m.Tenant]) }) {
		req.Need |= block.NeedProfiles
	}
	return each(ctx, e, blocks, req, newState, func(s S, dec *block.Decoder, d *block.Dataset) error {
		series, err := d.Series(dec)
		if err != nil {
			return err
		}
		there, err := present(dec, d, series)
		if err != nil {
			return err
		}
		for i := range series {
			if !there[i] {
				continue
			}
			k := series[i].Kind
			for v := range k.Samples {
				set := LabelSet{Type: k.Type(v), Pushed: series[i].Labels}
				if matches(q.Selector, &constants{service: d.Service, typ: set.Type}, set.Pushed) {
					visit(s, &set)
				}
			}
		}
		return nil
	})
}

// present reports which series of a dataset may have profiles in its parts. If
// bounds leave some out it looks at the profiles.
func present(dec *block.Decoder, d *block.Dataset, series []block.Series) ([]bool, error) {
	out := make([]bool, len(series))
	kinds := make(map[*block.Kind]bool)
	for _, p := range d.Parts {
		if !d.Cut {
			kinds[p.Kind] = true
			continue
		}
		of, times, err := p.Profiles(dec)
		if err != nil {
			return nil, err
		}
		for i, t := range times {
			out[of[i]] = out[of[i]] || t >= d.From
		}
	}
	for i := range series {
		out[i] = out[i] || kinds[series[i].Kind]
	}
	return out, nil
}
