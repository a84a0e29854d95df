package query

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/flamebearer"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// render answers /pyroscope/render: a flame graph with the values over time.
func (h *Handler) render(r *http.Request) (*document, error) {
	values := r.URL.Query()
	q, err := h.parseSide(r, values, "query", "from", "until")
	if err != nil {
		return nil, err
	}
	switch format := values.Get("format"); format {
	case "", "json":
	case "dot":
		graph, err := h.dot(r.Context(), q)
		return &document{"text/plain; charset=utf-8", []byte(graph)}, err
	default:
		return nil, invalid("parameter format: %q is neither json nor dot", format)
	}
	value, err := parseAggregation(values.Get("aggregation"))
	if err != nil {
		return nil, err
	}
	groupBy := slices.DeleteFunc(values["groupBy"], func(n string) bool { return n == "" })
	var tree *flamegraph.Tree
	var line *timelines
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) {
		tree, err = h.tree(ctx, q)
		return err
	})
	g.Go(func() (err error) {
		line, err = h.timelines(ctx, q, groupBy, value)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := flamebearer.Single(tree.FlameGraph(h.flameNodes(q.maxNodes)), q.query.Type)
	out.Timeline, out.Groups = &line.all, line.groups
	return jsonDocument(out)
}

func parseAggregation(name string) (func(engine.Sum) float64, error) {
	switch name {
	case "", "sum":
		return aggregate(typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_SUM), nil
	case "avg", "average":
		return aggregate(typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE), nil
	}
	return nil, invalid("parameter aggregation: %q is neither sum nor avg", name)
}

// renderDiff answers /pyroscope/render-diff: two flame graphs side by side.
func (h *Handler) renderDiff(r *http.Request) (*document, error) {
	values := r.URL.Query()
	left, err := h.parseSide(r, values, "leftQuery", "leftFrom", "leftUntil")
	if err != nil {
		return nil, err
	}
	right, err := h.parseSide(r, values, "rightQuery", "rightFrom", "rightUntil")
	if err != nil {
		return nil, err
	}
	if left.query.Type != right.query.Type {
		return nil, invalid("leftQuery and rightQuery are of different profile types")
	}
	trees, err := h.trees(r.Context(), left, right)
	if err != nil {
		return nil, err
	}
	return jsonDocument(flamebearer.Double(flamegraph.Diff(trees[0], trees[1], h.flameNodes(left.maxNodes)), left.query.Type))
}

// timelines are the values of a query over time: of all series, and of groups
// of them by their labels' values.
type timelines struct {
	all    flamebearer.Timeline
	groups map[string]*flamebearer.Timeline
}

// The points of a timeline: at most so many, and no closer than this.
const (
	timelinePoints  = 1500
	timelineMinStep = 15 * time.Second
)

// timelineStep is the seconds between the points of a timeline.
func timelineStep(r timeRange) int64 {
	const points = timelinePoints * 1000 // milliseconds to seconds
	return max(int64(timelineMinStep/time.Second), (r.end-r.start+points-1)/points)
}

// timelines adds up values over time. Points are those of SelectSeries.
func (h *Handler) timelines(ctx context.Context, q *stackQuery, groupBy []string, value func(engine.Sum) float64) (*timelines, error) {
	series := *q
	grouping := engine.Grouping{GroupBy: groupBy}
	step := timelineStep(q.times)
	if err := series.cover(&grouping, float64(step)); err != nil {
		return nil, err
	}
	found, err := h.timeSeries(ctx, &series, grouping)
	if err != nil {
		return nil, err
	}
	sums := make([]engine.Sum, grouping.Buckets.Count)
	out := &timelines{groups: make(map[string]*flamebearer.Timeline)}
	for i := range found {
		for k, p := range found[i].Points {
			sums[k].Value += p.Value
			sums[k].Profiles += p.Profiles
		}
		if len(groupBy) > 0 {
			line := newTimeline(found[i].Points, grouping.Buckets, step, value)
			out.groups[groupName(found[i].Labels, groupBy)] = &line
		}
	}
	out.all = newTimeline(sums, grouping.Buckets, step, value)
	return out, nil
}

// groupName is the values of the labels that tell a group apart, in the order
// asked for.
func groupName(ls profile.Labels, groupBy []string) string {
	values := make([]string, len(groupBy))
	for i, name := range groupBy {
		values[i] = ls.Get(name)
	}
	return strings.Join(values, ",")
}
