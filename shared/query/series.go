package query

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Series implements querierv1connect.QuerierServiceHandler. The label sets are
// sorted; one that has none of the wanted labels is left out.
func (s *service) Series(ctx context.Context, req *connect.Request[querierv1.SeriesRequest]) (*connect.Response[querierv1.SeriesResponse], error) {
	q, err := s.h.parseLabelQuery(req.Header(), req.Msg.Matchers, req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	accept, err := parseAccept(req.Header())
	if err != nil {
		return nil, err
	}
	var names []string // nil is all
	if len(req.Msg.LabelNames) > 0 {
		names = slices.Clone(req.Msg.LabelNames)
		slices.Sort(names)
		names = slices.Compact(names)
	}
	sets, err := visitSeries(ctx, s.h, q, names, newLabelSets, func(found *labelSets, set *engine.LabelSet) {
		labels := pick(set, names)
		if !accept.utf8LabelNames {
			labels = slices.DeleteFunc(labels, func(l profile.Label) bool { return !isLegacyName(l.Name) })
		}
		found.add(labels)
	})
	if err != nil {
		return nil, err
	}
	res := &querierv1.SeriesResponse{}
	for _, ls := range sortedLabelSets(sets) {
		res.LabelsSet = append(res.LabelsSet, &typesv1.Labels{Labels: labelPairs(ls)})
	}
	return connect.NewResponse(res), nil
}

// pick returns the labels of these names, sorted, that a series has; all of
// them if names is nil.
func pick(set *engine.LabelSet, names []string) profile.Labels {
	if names == nil {
		return clientLabels(set)
	}
	out := make(profile.Labels, 0, len(names))
	for _, n := range names {
		if v := set.Get(n); v != "" {
			out = append(out, profile.Label{Name: n, Value: v})
		}
	}
	return out
}

// labelSets is the distinct label sets that one of several workers found.
type labelSets struct {
	sets map[string]profile.Labels
	key  []byte
}

func newLabelSets() *labelSets { return &labelSets{sets: make(map[string]profile.Labels)} }

func (s *labelSets) add(ls profile.Labels) {
	if len(ls) == 0 {
		return
	}
	k := s.key[:0]
	for _, l := range ls {
		k = append(binary.AppendUvarint(k, uint64(len(l.Name))), l.Name...)
		k = append(binary.AppendUvarint(k, uint64(len(l.Value))), l.Value...)
	}
	s.key = k
	if _, ok := s.sets[string(k)]; !ok {
		s.sets[string(k)] = ls
	}
}

// sortedLabelSets returns the label sets that any worker found.
func sortedLabelSets(found []*labelSets) []profile.Labels {
	all := make(map[string]profile.Labels)
	for _, f := range found {
		maps.Copy(all, f.sets)
	}
	return slices.SortedFunc(maps.Values(all), profile.Labels.Compare)
}

func labelPairs(ls profile.Labels) []*typesv1.LabelPair {
	out := make([]*typesv1.LabelPair, len(ls))
	for i, l := range ls {
		out[i] = &typesv1.LabelPair{Name: l.Name, Value: l.Value}
	}
	return out
}
