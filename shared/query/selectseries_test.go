package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
)

// group is a series of an answer: its labels, and its points by timestamp.
type group map[string]map[int64]float64

func TestSeriesEqualTheSumOfWhatWentIn(t *testing.T) {
	w, pushed := randomWorld(t, 3)
	for _, q := range truths() {
		if q.span != 0 {
			continue
		}
		for _, by := range [][]string{nil, {"service_name"}, {"pod", "endpoint"}, {"missing", "__type__"}} {
			for _, step := range []int64{15_000, 1_000_007} {
				sums, counts := group{}, group{}
				for _, p := range pushed {
					inOnePush(t, q, p, step, by, sums, counts)
				}
				r := &querierv1.SelectSeriesRequest{
					ProfileTypeID: q.typeID, LabelSelector: q.selector, Start: q.from, End: q.to, GroupBy: by, Step: float64(step) / 1000,
				}
				require.Equal(t, sums, groups(must(t, w.client().SelectSeries, r).Series), "%+v by %v", q, by)
				r.Aggregation = typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE.Enum()
				for labels, points := range sums {
					for at := range points {
						points[at] /= counts[labels][at]
					}
				}
				require.Equal(t, sums, groups(must(t, w.client().SelectSeries, r).Series), "average of %+v by %v", q, by)
			}
		}
	}
}

// inOnePush adds what a pushed profile adds to the points of a series. It
// counts as a profile for each of its series.
func inOnePush(t *testing.T, q truth, p blocktest.Pushed, step int64, by []string, sums, counts group) {
	first := q
	first.from = q.from - step + 1
	seen := map[string]bool{}
	for _, r := range first.rows(t, p) {
		at := q.from // the first point not before the profile
		for at < r.TimeNanos/1e6 {
			at += step
		}
		if at > q.to {
			continue
		}
		ls := r.Type.SeriesLabels(r.Labels)
		var key []string
		for _, n := range slices.Sorted(slices.Values(by)) {
			if v := ls.Get(n); v != "" {
				key = append(key, n+"="+v)
			}
		}
		k := strings.Join(key, ",")
		for _, g := range []group{sums, counts} {
			if g[k] == nil {
				g[k] = map[int64]float64{}
			}
		}
		sums[k][at] += float64(r.Value)
		if !seen[ls.String()] {
			seen[ls.String()] = true
			counts[k][at]++
		}
	}
}

func groups(series []*typesv1.Series) group {
	out := group{}
	for _, s := range series {
		points := map[int64]float64{}
		for _, p := range s.Points {
			points[p.Timestamp] = p.Value
		}
		out[labelKey(s.Labels)] = points
	}
	return out
}

func labelKey(pairs []*typesv1.LabelPair) string {
	var key []string
	for _, l := range pairs {
		key = append(key, l.Name+"="+l.Value)
	}
	return strings.Join(key, ",")
}
