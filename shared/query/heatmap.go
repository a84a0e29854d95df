package query

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// SelectHeatmap implements querierv1connect.QuerierServiceHandler. Slots stand
// where the points of SelectSeries do; those without profiles are left out, and
// each has a count for every row of values, of which all series have the same.
// An exemplar is the greatest of its cell. Series are sorted by labels; with a
// limit, those with the greatest total are returned, greatest first.
func (s *service) SelectHeatmap(ctx context.Context, req *connect.Request[querierv1.SelectHeatmapRequest]) (*connect.Response[querierv1.SelectHeatmapResponse], error) {
	q, grouping, err := s.h.parseHeatmapQuery(req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	found, err := s.h.find(ctx, q.tenants, q.query.From, q.query.To)
	if err != nil {
		return nil, err
	}
	values, err := s.h.answer(ctx, found, engine.Task{Want: engine.WantValues, Query: q.query, Grouping: grouping}, nil)
	if err != nil {
		return nil, err
	}
	grouping.Values = *values.Values
	res := &querierv1.SelectHeatmapResponse{}
	if grouping.Values.Empty() {
		return connect.NewResponse(res), nil
	}
	report, err := s.h.answer(ctx, found, engine.Task{Want: engine.WantHeat, Query: q.query, Grouping: grouping}, nil)
	if err != nil {
		return nil, err
	}
	for _, m := range topHeatmaps(report.Heat, req.Msg.GetLimit()) {
		res.Series = append(res.Series, clientHeatmap(m, q.query.Type, &grouping))
	}
	return connect.NewResponse(res), nil
}

// parseHeatmapQuery reads a request and places its slots.
func (h *Handler) parseHeatmapQuery(header http.Header, req *querierv1.SelectHeatmapRequest) (*stackQuery, engine.Grouping, error) {
	g := engine.Grouping{GroupBy: req.GroupBy}
	q, err := h.parseStackQuery(header, &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: req.ProfileTypeID, LabelSelector: req.LabelSelector, Start: req.Start, End: req.End,
	})
	if err != nil {
		return nil, g, err
	}
	own := typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL // exemplars that fit the query
	switch req.QueryType {
	case querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_INDIVIDUAL:
	case querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_SPAN:
		g.PerSpan, own = true, typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN
	default:
		return nil, g, invalid("missing query_type: must be HEATMAP_QUERY_TYPE_INDIVIDUAL or HEATMAP_QUERY_TYPE_SPAN")
	}
	switch req.ExemplarType {
	case typesv1.ExemplarType_EXEMPLAR_TYPE_UNSPECIFIED, typesv1.ExemplarType_EXEMPLAR_TYPE_NONE:
	case own:
		g.Exemplars = true
	default:
		return nil, g, invalid("exemplar_type %s does not fit query_type %s", req.ExemplarType, req.QueryType)
	}
	return q, g, q.cover(&g, req.Step)
}

// topHeatmaps sorts heatmaps by labels or, if there is a limit, returns as many
// of the greatest.
func topHeatmaps(found map[string]*engine.Heatmap, limit int64) []*engine.Heatmap {
	out := make([]*engine.Heatmap, 0, len(found))
	for _, m := range found {
		if len(m.Cells) > 0 {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *engine.Heatmap) int { return a.Labels.Compare(b.Labels) })
	if limit > 0 {
		slices.SortStableFunc(out, func(a, b *engine.Heatmap) int { return cmp.Compare(b.Total, a.Total) })
		out = out[:min(int64(len(out)), limit)]
	}
	return out
}

// clientHeatmap renders a heatmap. All cells of a slot are there, empty or not:
// clients take the height of a row from the next.
func clientHeatmap(m *engine.Heatmap, typ profile.Type, g *engine.Grouping) *typesv1.HeatmapSeries {
	out := &typesv1.HeatmapSeries{Labels: labelPairs(m.Labels)}
	floors := make([]float64, engine.HeatRows)
	for row := range floors {
		floors[row] = g.Values.Floor(row)
	}
	var slot *typesv1.HeatmapSlot
	for _, at := range slices.Sorted(maps.Keys(m.Cells)) {
		time := g.Buckets.Start + at/engine.HeatRows*g.Buckets.Step
		if slot == nil || slot.Timestamp != time {
			slot = &typesv1.HeatmapSlot{Timestamp: time, YMin: floors, Counts: make([]int32, engine.HeatRows)}
			out.Slots = append(out.Slots, slot)
		}
		c := m.Cells[at]
		slot.Counts[at%engine.HeatRows] = int32(min(c.Count, 1<<31-1))
		if c.Exemplar != nil {
			slot.Exemplars = append(slot.Exemplars, clientExemplar(c.Exemplar, typ))
		}
	}
	return out
}
