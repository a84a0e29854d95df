package engine

import (
	"context"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
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

// Series calls visit for every series that the selector selects and that may
// have profiles in the time from, to (Unix nanoseconds, inclusive): time is
// judged by parts of blocks. A series is visited for each of its profile types
// and for each block; calls come from several goroutines, each with a state of
// its own, and the states are returned.
func Series[S any](ctx context.Context, e *Engine, blocks []*block.Meta, sel selector.Selector, from, to int64,
	newState func() S, visit func(S, *LabelSet),
) ([]S, error) {
	req := block.Request{Service: services(sel), From: from, To: to, Need: block.NeedSeries}
	return each(ctx, e, blocks, req, newState, func(s S, dec *block.Decoder, d *block.Dataset) error {
		series, err := d.Series(dec)
		if err != nil {
			return err
		}
		kinds := make(map[*block.Kind]bool)
		for _, p := range d.Parts {
			kinds[p.Kind] = true
		}
		for i := range series {
			k := series[i].Kind
			if !kinds[k] {
				continue
			}
			for v := range k.Samples {
				set := LabelSet{Type: k.Type(v), Pushed: series[i].Labels}
				if matches(sel, &constants{service: d.Service, typ: set.Type}, set.Pushed) {
					visit(s, &set)
				}
			}
		}
		return nil
	})
}
