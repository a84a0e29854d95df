package engine

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// MaxPoints bounds what a query of series makes in each worker and all in all:
// the points of all groups, whether they have profiles or not. At 16 bytes each
// they are a few per cent of the memory that a function has for each processor.
const MaxPoints = 4 << 20

// ErrTooManyPoints says that a query makes more points, or cells of a heatmap,
// than are kept in memory.
var ErrTooManyPoints = errors.New("too many series and points")

// Grouping says into which series and points the values of profiles go.
type Grouping struct {
	Buckets Buckets
	// GroupBy are the labels that tell series apart. A series that lacks one is
	// in the group that lacks it.
	GroupBy []string
	// Exemplars asks for an example of each point or cell.
	Exemplars bool
	// PerSpan makes a heatmap count the spans of profiles instead of profiles.
	PerSpan bool
	// Values are the values that a heatmap spans.
	Values ValueRange
}

// needSeries reports whether the labels of series are needed.
func (g *Grouping) needSeries(q *Query) bool {
	return g.Exemplars || !g.constant() || needsSeries(q.Selector)
}

// constant reports whether all series of a dataset are in one group.
func (g *Grouping) constant() bool {
	return !slices.ContainsFunc(g.GroupBy, func(n string) bool { return !isConstant(n) })
}

// request is what a query of series reads.
func (g *Grouping) request(q *Query) block.Request {
	need := needValues(q, g)
	if g.needSeries(q) {
		need |= block.NeedSeries
	}
	return block.Request{Service: services(q.Selector), Type: &q.Type, From: q.From, To: q.To, Bounds: q.Bounds, Need: need}
}

// sums reports over which steps sums of profiles make the same points as the
// profiles; nil is over none.
func (g *Grouping) sums(q *Query) func(step int64) bool {
	if g.Exemplars || g.PerSpan || q.sums() == nil {
		return nil
	}
	return g.Buckets.wholeSteps
}

// groups is the groups of series of one of several workers.
type groups[G any] struct {
	byKey map[string]*G
	key   []byte
	// create makes a group of labels; n is how many there are already.
	create func(ls profile.Labels, n int) (*G, error)
}

func newGroups[G any](create func(profile.Labels, int) (*G, error)) groups[G] {
	return groups[G]{byKey: make(map[string]*G), create: create}
}

// seriesGroups is the series of a dataset and the group of each.
type seriesGroups[G any] struct {
	one    *G // if all series are in it and their labels are not needed
	groups []*G
	series []block.Series
}

// none reports whether no series is selected.
func (s *seriesGroups[G]) none() bool { return s.one == nil && s.groups == nil }

// group returns the group of a series, nil if it is not selected.
func (s *seriesGroups[G]) group(series int32) *G {
	if s.one != nil {
		return s.one
	}
	return s.groups[series]
}

// of returns the groups of the series of a dataset.
func (g *groups[G]) of(q *Query, by *Grouping, dec *block.Decoder, d *block.Dataset) (out seriesGroups[G], err error) {
	sel, err := selectSeries(q, dec, d)
	if err != nil || sel.none() {
		return out, err
	}
	c := constants{service: d.Service, typ: q.Type}
	if sel.all && by.constant() && !by.Exemplars {
		out.one, err = g.group(&c, nil, by.GroupBy)
		return out, err
	}
	if out.series = sel.decoded; out.series == nil {
		if out.series, err = d.Series(dec); err != nil {
			return out, err
		}
	}
	out.groups = make([]*G, len(out.series))
	for i := range out.series {
		if out.series[i].Kind.Value(q.Type) < 0 || !sel.all && !sel.series[i] {
			continue
		}
		if out.groups[i], err = g.group(&c, out.series[i].Labels, by.GroupBy); err != nil {
			return out, err
		}
	}
	return out, nil
}

// group returns the group of a series.
func (g *groups[G]) group(c *constants, ls profile.Labels, groupBy []string) (*G, error) {
	value := func(name string) string {
		if v, ok := c.get(name); ok {
			return v
		}
		return ls.Get(name)
	}
	k := g.key[:0]
	for _, name := range groupBy {
		v := value(name)
		k = append(binary.AppendUvarint(k, uint64(len(v))), v...)
	}
	g.key = k
	if out, ok := g.byKey[string(k)]; ok {
		return out, nil
	}
	var labels profile.Labels
	for _, name := range groupBy {
		if v := value(name); v != "" && !labels.Has(name) {
			labels = labels.With(name, v)
		}
	}
	out, err := g.create(labels, len(g.byKey))
	if err == nil {
		g.byKey[string(k)] = out
	}
	return out, err
}
