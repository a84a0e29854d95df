package query

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
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
// returned, greatest first. Exemplars of profiles are never returned.
func (s *service) SelectSeries(ctx context.Context, req *connect.Request[querierv1.SelectSeriesRequest]) (*connect.Response[querierv1.SelectSeriesResponse], error) {
	q, buckets, err := s.h.parseSeriesQuery(req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	blocks, err := s.h.blocks(ctx, q.tenants, q.query.From, q.query.To)
	if err != nil {
		return nil, err
	}
	found, err := s.h.Engine.TimeSeries(ctx, blocks, q.query, buckets, req.Msg.GroupBy)
	if err != nil {
		return nil, err
	}
	value := func(p engine.Sum) float64 { return float64(p.Value) }
	if req.Msg.GetAggregation() == typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE {
		value = func(p engine.Sum) float64 { return float64(p.Value) / float64(p.Profiles) }
	}
	var series []*typesv1.Series
	for i := range found {
		if points := clientPoints(found[i].Points, buckets, value); len(points) > 0 {
			series = append(series, &typesv1.Series{Labels: labelPairs(found[i].Labels), Points: points})
		}
	}
	if limit := req.Msg.GetLimit(); limit > 0 {
		series = top(series, limit)
	}
	return connect.NewResponse(&querierv1.SelectSeriesResponse{Series: series}), nil
}

// parseSeriesQuery reads a request and places its points.
func (h *Handler) parseSeriesQuery(header http.Header, req *querierv1.SelectSeriesRequest) (*stackQuery, engine.Buckets, error) {
	q, err := h.parseStackQuery(header, &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: req.ProfileTypeID, LabelSelector: req.LabelSelector, Start: req.Start, End: req.End,
		StackTraceSelector: req.StackTraceSelector,
	})
	if err != nil {
		return nil, engine.Buckets{}, err
	}
	if req.ExemplarType == typesv1.ExemplarType_EXEMPLAR_TYPE_SPAN {
		return nil, engine.Buckets{}, unimplemented("exemplars of spans are not supported")
	}
	buckets, err := placePoints(q.times, req.Step)
	if err != nil {
		return nil, engine.Buckets{}, err
	}
	// Of the time after the last point nothing is asked.
	covered := timeRange{buckets.Start - buckets.Step + 1, buckets.Start + int64(buckets.Count-1)*buckets.Step}
	q.query.From, q.query.To = covered.nanos()
	return q, buckets, nil
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
func clientPoints(sums []engine.Sum, b engine.Buckets, value func(engine.Sum) float64) []*typesv1.Point {
	var points []*typesv1.Point
	for k, sum := range sums {
		if sum.Profiles > 0 {
			points = append(points, &typesv1.Point{Timestamp: b.Start + int64(k)*b.Step, Value: value(sum)})
		}
	}
	return points
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
