package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// MaxPoints is the most points that a series may have: ten times what
// Prometheus allows, enough for 19 days at the 15 seconds that are Grafana's
// smallest step. Memory and answers grow with it and with the number of groups.
const MaxPoints = 110_000

// maxStep is the longest step, milliseconds: far more than the time that
// profiles can be from, so that sums of times and steps stay in range.
const maxStep = 1 << 50

// SelectSeries implements querierv1connect.QuerierServiceHandler. Points stand
// at start + k·step and cover the time since the point before, so the first one
// covers time before start; points without profiles are left out. Series are
// sorted by labels; with a limit, those with the greatest sum of points are
// returned, greatest first.
//
// With a call site, points are of the stack traces below it. Profiles without
// any count as 0, for averages; series without any are left out.
func (s *service) SelectSeries(ctx context.Context, req *connect.Request[querierv1.SelectSeriesRequest]) (*connect.Response[querierv1.SelectSeriesResponse], error) {
	q, grouping, err := s.h.parseSeriesQuery(req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	found, err := s.h.timeSeries(ctx, q, grouping)
	if err != nil {
		return nil, err
	}
	value := aggregate(req.Msg.GetAggregation())
	var series []*typesv1.Series
	for i := range found {
		if len(q.query.CallSite) > 0 && isZero(found[i].Points) {
			continue
		}
		if points := clientPoints(&found[i], q.query.Type, grouping.Buckets, value); len(points) > 0 {
			series = append(series, &typesv1.Series{Labels: labelPairs(found[i].Labels), Points: points})
		}
	}
	if limit := req.Msg.GetLimit(); limit > 0 {
		series = top(series, limit)
	}
	return connect.NewResponse(&querierv1.SelectSeriesResponse{Series: series}), nil
}

// timeSeries returns values over time, ordered by labels.
func (h *Handler) timeSeries(ctx context.Context, q *stackQuery, g engine.Grouping) ([]engine.TimeSeries, error) {
	found, err := h.find(ctx, q.tenants, q.query.From, q.query.To)
	if err != nil {
		return nil, err
	}
	report, err := h.answer(ctx, found, engine.Task{Want: engine.WantSeries, Query: q.query, Grouping: g}, nil)
	if err != nil {
		return nil, err
	}
	return report.SortedSeries(), nil
}

// aggregate returns how the value of a point follows from its profiles.
func aggregate(a typesv1.TimeSeriesAggregationType) func(engine.Sum) float64 {
	if a == typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE {
		return func(p engine.Sum) float64 { return float64(p.Value) / float64(p.Profiles) }
	}
	return func(p engine.Sum) float64 { return float64(p.Value) }
}

func isZero(points []engine.Sum) bool {
	return !slices.ContainsFunc(points, func(p engine.Sum) bool { return p.Value != 0 })
}

// parseSeriesQuery reads a request and places its points.
func (h *Handler) parseSeriesQuery(header http.Header, req *querierv1.SelectSeriesRequest) (*stackQuery, engine.Grouping, error) {
	g := engine.Grouping{
		GroupBy: req.GroupBy, Exemplars: req.ExemplarType == typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL,
	}
	q, err := h.parseStackQuery(header, &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: req.ProfileTypeID, LabelSelector: req.LabelSelector, Start: req.Start, End: req.End,
		StackTraceSelector: req.StackTraceSelector,
	})
	if err != nil {
		return nil, g, err
	}
	if req.ExemplarType == typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN {
		return nil, g, unimplemented("exemplars of spans are those of SelectHeatmap")
	}
	return q, g, q.cover(&g, req.Step)
}

// cover places the points of a query and makes it one of the time that they
// cover: it begins before the start, and of the time after the last point
// nothing is asked.
func (q *stackQuery) cover(g *engine.Grouping, step float64) (err error) {
	if g.Buckets, err = placePoints(q.times, step); err != nil {
		return err
	}
	b := &g.Buckets
	covered := timeRange{b.Start - b.Step + 1, b.Start + int64(b.Count-1)*b.Step}
	q.query.From, q.query.To = covered.nanos()
	return nil
}

// placePoints returns the points of a time range by the step in seconds. What a
// step has beyond whole milliseconds is cut off.
func placePoints(r timeRange, seconds float64) (engine.Buckets, error) {
	// A number such as 0.29 is a little less than it says.
	millis := math.Floor(seconds*1e3 + 1e-6)
	if !(millis >= 1) { // nor NaN
		return engine.Buckets{}, invalid("step must be at least 1 ms, got %v s", seconds)
	}
	// Before and after the time that profiles can be from there is nothing.
	start, end := max(r.start, -maxMillis), min(r.end, 2*maxMillis)
	step := int64(min(millis, maxStep))
	if start > end {
		end = start
	}
	steps := (end - start) / step
	if steps >= MaxPoints {
		return engine.Buckets{}, invalid("a step of %v s makes %d points, more than the limit of %d: use a step of at least %d s",
			seconds, steps+1, MaxPoints, 1+(end-start)/MaxPoints/1000)
	}
	return engine.Buckets{Start: start, Step: step, Count: int(steps) + 1}, nil
}

// clientPoints returns the points that have profiles.
func clientPoints(s *engine.TimeSeries, typ profile.Type, b engine.Buckets, value func(engine.Sum) float64) []*typesv1.Point {
	var points []*typesv1.Point
	for k, sum := range s.Points {
		if sum.Profiles == 0 {
			continue
		}
		p := &typesv1.Point{Timestamp: b.Start + int64(k)*b.Step, Value: value(sum)}
		if s.Exemplars != nil && s.Exemplars[k] != nil {
			p.Exemplars = []*typesv1.Exemplar{clientExemplar(s.Exemplars[k], typ)}
		}
		points = append(points, p)
	}
	return points
}

// clientExemplar renders an exemplar with all labels of its series, also those
// that the series of the answer has: clients look for them here.
func clientExemplar(x *engine.Exemplar, typ profile.Type) *typesv1.Exemplar {
	out := &typesv1.Exemplar{
		Timestamp: x.Time / nanosPerMilli, ProfileId: x.ID.String(), Value: x.Value,
		Labels: labelPairs(clientLabels(&engine.LabelSet{Type: typ, Pushed: x.Pushed})),
	}
	if x.Span != 0 {
		out.SpanId = fmt.Sprintf("%016x", x.Span)
	}
	if x.Trace != (engine.TraceID{}) {
		out.TraceId = fmt.Sprintf("%016x%016x", x.Trace.Hi, x.Trace.Lo)
	}
	return out
}

// top returns the series with the greatest totals, greatest first; equal ones
// stay in their order.
func top(series []*typesv1.Series, limit int64) []*typesv1.Series {
	totals := make(map[*typesv1.Series]float64, len(series))
	for _, s := range series {
		for _, p := range s.Points {
			totals[s] += p.Value
		}
	}
	slices.SortStableFunc(series, func(a, b *typesv1.Series) int { return cmp.Compare(totals[b], totals[a]) })
	return series[:min(int64(len(series)), limit)]
}
