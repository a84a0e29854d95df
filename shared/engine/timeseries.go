package engine

import (
	"context"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Buckets divide time into the points of a series: point k stands at
// Start + k·Step, for k from 0 to Count-1, and covers the time after the point
// before it up to and including its own. Times are Unix milliseconds; a
// profile's time is rounded down to them.
type Buckets struct {
	Start, Step int64
	Count       int
}

// index returns the point that covers a time, Unix nanoseconds; false if none
// does.
func (b *Buckets) index(nanos int64) (int, bool) {
	ms := nanos / 1e6
	late := ms - b.Start
	if late <= 0 {
		return 0, late > -b.Step
	}
	k := (late + b.Step - 1) / b.Step
	return int(k), k < int64(b.Count)
}

// Sum is what a point of a series adds up: the totals of profiles and how many
// profiles they are.
type Sum struct{ Value, Profiles int64 }

// TimeSeries is the points of one group of series. Points without a profile
// have a count of 0.
type TimeSeries struct {
	Labels profile.Labels
	Points []Sum // by bucket
}

// TimeSeries adds up the totals of the selected profiles by the values of the
// labels groupBy and by time. A series that lacks a label is in the group that
// lacks it. The result is ordered by labels.
func (e *Engine) TimeSeries(ctx context.Context, blocks []*block.Meta, q Query, buckets Buckets, groupBy []string) ([]TimeSeries, error) {
	need := block.NeedProfiles | block.NeedTotals
	constant := !slices.ContainsFunc(groupBy, func(n string) bool { return !isConstant(n) })
	if !constant || needsSeries(q.Selector) {
		need |= block.NeedSeries
	}
	req := block.Request{Service: services(q.Selector), Type: &q.Type, From: q.From, To: q.To, Need: need}
	workers, err := each(ctx, e, blocks, req,
		func() *seriesWorker { return &seriesWorker{groups: make(map[string]*TimeSeries)} },
		func(w *seriesWorker, dec *block.Decoder, d *block.Dataset) error {
			return w.add(&q, dec, d, buckets, groupBy, constant)
		},
	)
	if err != nil {
		return nil, err
	}
	all := workers[0].groups
	for _, w := range workers[1:] {
		mergeGroups(all, w.groups)
	}
	return sortedSeries(all), nil
}

func mergeGroups(to, from map[string]*TimeSeries) {
	for key, s := range from {
		have, ok := to[key]
		if !ok {
			to[key] = s
			continue
		}
		for i, p := range s.Points {
			have.Points[i].Value += p.Value
			have.Points[i].Profiles += p.Profiles
		}
	}
}

type seriesWorker struct {
	groups map[string]*TimeSeries
	key    []byte
}

func (w *seriesWorker) add(q *Query, dec *block.Decoder, d *block.Dataset, buckets Buckets, groupBy []string, constant bool) error {
	groups, err := w.groupsOf(q, dec, d, buckets, groupBy, constant)
	if err != nil || groups == nil {
		return err
	}
	for _, p := range d.Parts {
		series, times, err := p.Profiles(dec)
		if err != nil {
			return err
		}
		totals, err := p.Totals(dec)
		if err != nil {
			return err
		}
		for i, t := range times {
			g := groups[0]
			if len(groups) > 1 {
				g = groups[series[i]]
			}
			if g == nil || t < q.From || t > q.To {
				continue
			}
			if k, ok := buckets.index(t); ok {
				g.Points[k].Value += totals[i]
				g.Points[k].Profiles++
			}
		}
	}
	return nil
}

// groupsOf returns the group of each series, nil for one that is not selected;
// a single group if all series are in it; none if none is selected.
func (w *seriesWorker) groupsOf(q *Query, dec *block.Decoder, d *block.Dataset, buckets Buckets, groupBy []string, constant bool) ([]*TimeSeries, error) {
	sel, err := selectSeries(q, dec, d)
	if err != nil || sel.none() {
		return nil, err
	}
	c := constants{service: d.Service, typ: q.Type}
	if constant && sel.all {
		return []*TimeSeries{w.group(&c, nil, buckets, groupBy)}, nil
	}
	series, err := d.Series(dec)
	if err != nil {
		return nil, err
	}
	// At least two, so that one entry always means: for all series.
	out := make([]*TimeSeries, max(len(series), 2))
	for i := range series {
		if series[i].Kind.Value(q.Type) >= 0 && (sel.all || sel.series[i]) {
			out[i] = w.group(&c, series[i].Labels, buckets, groupBy)
		}
	}
	return out, nil
}

// group returns the group of a series.
func (w *seriesWorker) group(c *constants, ls profile.Labels, buckets Buckets, groupBy []string) *TimeSeries {
	k := w.key[:0]
	value := func(name string) string {
		if v, ok := c.get(name); ok {
			return v
		}
		return ls.Get(name)
	}
	for _, name := range groupBy {
		k = append(append(k, value(name)...), 0)
	}
	w.key = k
	g, ok := w.groups[string(k)]
	if !ok {
		g = &TimeSeries{Points: make([]Sum, buckets.Count)}
		for _, name := range groupBy {
			if v := value(name); v != "" && !g.Labels.Has(name) {
				g.Labels = g.Labels.With(name, v)
			}
		}
		w.groups[string(k)] = g
	}
	return g
}
