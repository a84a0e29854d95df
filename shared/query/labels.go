package query

import (
	"context"
	"maps"
	"slices"

	"connectrpc.com/connect"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// stringSet is strings found by one of several workers.
type stringSet map[string]struct{}

func newStringSet() stringSet { return make(stringSet) }

func (s stringSet) add(v string) { s[v] = struct{}{} }

// union returns the strings of all sets, sorted.
func union(sets []stringSet) []string {
	all := newStringSet()
	for _, s := range sets {
		maps.Copy(all, s)
	}
	return slices.Sorted(maps.Keys(all))
}

// LabelNames implements querierv1connect.QuerierServiceHandler. Names that old
// clients would stumble over are left out unless the client says that it takes
// them.
func (s *service) LabelNames(ctx context.Context, req *connect.Request[typesv1.LabelNamesRequest]) (*connect.Response[typesv1.LabelNamesResponse], error) {
	q, err := s.h.parseLabelQuery(req.Header(), req.Msg.Matchers, req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	accept, err := parseAccept(req.Header())
	if err != nil {
		return nil, err
	}
	found, err := visitSeries(ctx, s.h, q, nil, newNameSet, (*nameSet).visit)
	if err != nil {
		return nil, err
	}
	sets := make([]stringSet, len(found))
	for i, f := range found {
		sets[i] = f.names
	}
	names := union(sets)
	if !accept.utf8LabelNames {
		names = slices.DeleteFunc(names, func(n string) bool { return !isLegacyName(n) })
	}
	return connect.NewResponse(&typesv1.LabelNamesResponse{Names: names}), nil
}

// LabelValues implements querierv1connect.QuerierServiceHandler.
func (s *service) LabelValues(ctx context.Context, req *connect.Request[typesv1.LabelValuesRequest]) (*connect.Response[typesv1.LabelValuesResponse], error) {
	q, err := s.h.parseLabelQuery(req.Header(), req.Msg.Matchers, req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	name := req.Msg.Name
	if name == "" {
		return nil, invalid("missing label name in the query")
	}
	sets, err := visitSeries(ctx, s.h, q, []string{name}, newStringSet, func(values stringSet, set *engine.LabelSet) {
		if v := set.Get(name); v != "" {
			values.add(v)
		}
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&typesv1.LabelValuesResponse{Names: union(sets)}), nil
}

// nameSet is the names of labels that one of several workers found. Most series
// have the same names as the one before them, which is cheaper to find out than
// to look each of them up.
type nameSet struct {
	names stringSet
	// The names that were pushed with the series before, "" for those without a
	// value, and which parts its type has.
	pushed []string
	parts  [5]bool
}

func newNameSet() *nameSet { return &nameSet{names: newStringSet()} }

func (s *nameSet) visit(set *engine.LabelSet) {
	t := &set.Type
	parts := [...]bool{t.Name != "", t.Sample.Type != "", t.Sample.Unit != "", t.Period.Type != "", t.Period.Unit != ""}
	if parts == s.parts && slices.EqualFunc(s.pushed, set.Pushed, func(name string, l profile.Label) bool {
		return name == nameOf(l)
	}) && len(s.names) > 0 {
		return
	}
	s.parts, s.pushed = parts, s.pushed[:0]
	for _, l := range set.Pushed {
		s.pushed = append(s.pushed, nameOf(l))
	}
	eachLabelName(set, s.names.add)
}

// nameOf is the name of a label, "" if it has no value and so is none.
func nameOf(l profile.Label) string {
	if l.Value == "" {
		return ""
	}
	return l.Name
}

// eachLabelName calls f for the names of clientLabels, which it does not make:
// this is done for every series of every block.
func eachLabelName(set *engine.LabelSet, f func(string)) {
	for _, l := range set.Pushed {
		if l.Value != "" && !isDescribedLabel(l.Name) {
			f(l.Name)
		}
	}
	for _, name := range [...]string{
		profile.LabelServiceName, profile.LabelServiceCopy, profile.LabelName, profile.LabelProfileType,
		profile.LabelType, profile.LabelUnit, profile.LabelPeriodType, profile.LabelPeriodUnit,
	} {
		if set.Get(name) != "" {
			f(name)
		}
	}
}

// clientLabels returns all labels of a series as clients see them. A label
// without a value, as the period of a type that has none, is none.
func clientLabels(set *engine.LabelSet) profile.Labels {
	return slices.DeleteFunc(set.Type.SeriesLabels(set.Pushed), func(l profile.Label) bool { return l.Value == "" })
}
