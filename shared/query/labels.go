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
	sets, err := visitSeries(ctx, s.h, q, nil, newStringSet, func(names stringSet, set *engine.LabelSet) {
		eachLabelName(set, names.add)
	})
	if err != nil {
		return nil, err
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
