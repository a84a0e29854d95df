package engine

import (
	"context"
	"fmt"

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

// wholeSteps reports whether each point covers buckets of so many nanoseconds as
// a whole: those of blocks end where a point stands, see block.Part.
func (b *Buckets) wholeSteps(step int64) bool {
	nanos := int64(1e6)
	return step%nanos == 0 && b.Start%(step/nanos) == 0 && b.Step%(step/nanos) == 0
}

// Sum is what a point of a series adds up: the values of profiles and how many
// profiles they are.
type Sum struct{ Value, Profiles int64 }

// TimeSeries is the points of one group of series. Points without a profile
// have a count of 0.
type TimeSeries struct {
	Labels profile.Labels
	Points []Sum // by bucket
	// Exemplars has, by bucket, the profile with the greatest value, nil where
	// there is none. It is nil if none were asked for.
	Exemplars []*Exemplar
}

// TimeSeries adds up the values of the selected profiles by labels and by time.
// Where the query selects samples, the value of a profile is theirs, and a
// profile without any counts with a value of 0. The result is ordered by
// labels. More than MaxPoints are ErrTooManyPoints.
func (e *Engine) TimeSeries(ctx context.Context, blocks []*block.Meta, q Query, g Grouping) ([]TimeSeries, error) {
	all, err := e.timeSeries(ctx, blocks, &q, &g)
	if err != nil {
		return nil, err
	}
	return sortedSeries(all), nil
}

// timeSeries returns the groups by the values of the labels.
func (e *Engine) timeSeries(ctx context.Context, blocks []*block.Meta, q *Query, g *Grouping) (map[string]*TimeSeries, error) {
	req := g.request(q)
	req.Sums = g.sums(q)
	workers, err := each(ctx, e, blocks, req,
		func() *seriesWorker {
			return &seriesWorker{
				counter: counter{q: q, g: g},
				groups:  newGroups(func(ls profile.Labels, n int) (*TimeSeries, error) { return newTimeSeries(g, ls, n) }),
			}
		},
		func(w *seriesWorker, dec *block.Decoder, d *block.Dataset) error { return w.add(dec, d) },
	)
	if err != nil {
		return nil, err
	}
	all := workers[0].groups.byKey
	for _, w := range workers[1:] {
		mergeGroups(all, w.groups.byKey)
	}
	return all, checkPoints(g, len(all))
}

// newTimeSeries makes the group behind n others.
func newTimeSeries(g *Grouping, ls profile.Labels, n int) (*TimeSeries, error) {
	if err := checkPoints(g, n+1); err != nil {
		return nil, err
	}
	s := &TimeSeries{Labels: ls, Points: make([]Sum, g.Buckets.Count)}
	if g.Exemplars {
		s.Exemplars = make([]*Exemplar, g.Buckets.Count)
	}
	return s, nil
}

// exemplarWeight is how many points an exemplar counts for: it takes several
// times their memory.
const exemplarWeight = 8

// checkPoints refuses groups that are too large together.
func checkPoints(g *Grouping, groups int) error {
	points := int64(groups) * int64(g.Buckets.Count)
	weight := int64(1)
	if g.Exemplars {
		weight = exemplarWeight
	}
	if points*weight > MaxPoints {
		return fmt.Errorf("%w: at least %d series of %d points", ErrTooManyPoints, groups, g.Buckets.Count)
	}
	return nil
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
		for i, x := range s.Exemplars {
			have.Exemplars[i] = better(have.Exemplars[i], x)
		}
	}
}

type seriesWorker struct {
	counter
	groups groups[TimeSeries]
}

func (w *seriesWorker) add(dec *block.Decoder, d *block.Dataset) error {
	of, err := w.groups.of(w.q, w.g, dec, d)
	if err != nil || of.none() {
		return err
	}
	if err := w.begin(dec, d); err != nil {
		return err
	}
	for _, p := range d.Parts {
		got, err := w.values(dec, p)
		if err != nil {
			return err
		}
		for i, t := range got.times {
			s := of.group(got.series[i])
			if s == nil || !w.wants(&got, i) {
				continue
			}
			k, ok := w.g.Buckets.index(t)
			if !ok {
				continue
			}
			s.Points[k].Value += got.values[i]
			s.Points[k].Profiles += got.count(i)
			if w.g.Exemplars && s.Exemplars[k].mayYield(got.values[i]) {
				x := &Exemplar{ID: got.ids[i], Time: t, Value: got.values[i], Pushed: of.series[got.series[i]].Labels}
				s.Exemplars[k] = better(s.Exemplars[k], x)
			}
		}
	}
	return nil
}
