package query_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// rules are what a test makes count.
type rules map[profile.TenantID]retention.Rules

func (r rules) Of(_ context.Context, tenant profile.TenantID) (retention.Rules, error) {
	return r[tenant], nil
}

// under serves with rules from now on.
func (w *world) under(t *testing.T, r query.Retention) {
	d := w.deps(t, w.index)
	d.Retention = r
	w.server.Config.Handler.(*swap).Handler = query.New(query.Settings{}, d)
}

type swap struct{ http.Handler }

func deleted(service string, at time.Time) map[string]retention.Deletion {
	return map[string]retention.Deletion{service: {Service: service, Before: at}}
}

// minute is a time some minutes after base.
func minute(minutes int) time.Time {
	return time.UnixMilli(base).Add(time.Duration(minutes) * time.Minute)
}

// Whatever the rules, answers of all kinds are those of a store that never had
// what does not count.
func TestAnswersLackWhatDoesNotCountAndNothingElse(t *testing.T) {
	for seed := range uint64(4) {
		w, pushed := randomWorld(t, 40+seed)
		w.server.Close()
		w.server = httptest.NewServer(&swap{w.handler})
		t.Cleanup(w.server.Close)
		now := minute(10) // the clock of the handler
		r := rand.New(rand.NewPCG(seed, 3))
		moment := func() time.Time { return minute(r.IntN(60)).Add(time.Duration(r.IntN(1e9))) }
		for name, x := range map[string]retention.Rules{
			"nothing":           {},
			"deleted":           {Deleted: deleted("service-1", moment())},
			"deleted for good":  {Deleted: deleted("service-1", minute(61))},
			"kept shorter":      {Keep: map[string]time.Duration{"service-0": time.Minute}},
			"kept longer":       {Rest: 5 * time.Minute, Keep: map[string]time.Duration{"service-0": time.Hour}},
			"expired":           {Rest: 3 * time.Minute},
			"all of it at once": {Rest: 4 * time.Minute, Keep: map[string]time.Duration{"service-2": 0}, Deleted: deleted("service-1", moment())},
		} {
			w.under(t, rules{"anonymous": x, "other": {Deleted: deleted("service-0", minute(61))}})
			b := x.Bound(now)
			counting := slices.DeleteFunc(slices.Clone(pushed), func(p blocktest.Pushed) bool {
				return p.Profile.TimeNanos < b.Of(p.Labels.Get(profile.LabelServiceName))
			})
			requireAnswersOf(t, w, counting, b, name)
		}
	}
}

func requireAnswersOf(t *testing.T, w *world, counting []blocktest.Pushed, b block.Bound, name string) {
	c := w.client()
	for _, q := range truths() {
		r := q.request()
		r.Format = querierv1.ProfileFormat_PROFILE_FORMAT_TREE
		require.Equal(t, q.stacks(t, counting...), treeStacks(t, must(t, c.SelectMergeStacktraces, r).Tree), "%s: %+v", name, q)
		series := must(t, c.SelectSeries, &querierv1.SelectSeriesRequest{
			ProfileTypeID: q.typeID, LabelSelector: q.selector, Start: q.from + 1, End: q.to, Step: float64(q.to-q.from-1) / 1e3,
		}).Series
		if q.span == 0 {
			total, want := 0.0, 0.0
			for _, s := range series {
				for _, p := range s.Points {
					total += p.Value
				}
			}
			wide := q
			wide.from, wide.to = 2*q.from-q.to+2, q.to // the first point covers what is before it
			for _, r := range wide.rows(t, counting...) {
				want += float64(r.Value)
			}
			require.Equal(t, want, total, "%s: %+v", name, q)
		}
	}
	services, pods, types, sets := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range blocktest.Rows(counting) {
		ls := r.Type.SeriesLabels(r.Labels)
		services[ls.Get("service_name")] = true
		types[ls.Get("__profile_type__")] = true
		if pod := ls.Get("pod"); pod != "" {
			pods[pod] = true
		}
		sets[ls.Get("service_name")+ls.Get("pod")] = true
	}
	values := func(label string) []string {
		return must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: label, Start: base - hour, End: base + hour}).Names
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(services)), values("service_name"), name)
	require.ElementsMatch(t, slices.Collect(maps.Keys(types)), values("__profile_type__"), name)
	if b.Rest == 0 || len(b.Services) > 0 { // else time is judged by parts of blocks
		require.ElementsMatch(t, slices.Collect(maps.Keys(pods)), values("pod"), name)
		require.Len(t, must(t, c.Series, &querierv1.SeriesRequest{LabelNames: []string{"service_name", "pod"}, Start: base - hour, End: base + hour}).LabelsSet, len(sets), name)
	}
	var ids []string
	for _, x := range must(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base - hour, End: base + hour}).ProfileTypes {
		ids = append(ids, x.ID)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(types)), ids, name)
	analysis := must(t, c.AnalyzeQuery, &querierv1.AnalyzeQueryRequest{Query: "{}", Start: base - hour, End: base + hour})
	if name == "deleted for good" { // of others, what blocks may have is counted
		require.Equal(t, len(services), int(analysis.QueryImpact.TotalQueriedSeries), name)
	}
}

// A tenant whose only service was deleted has no profiles.
func TestStatsOfADeletedService(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.server.Close()
	w.server = httptest.NewServer(&swap{w.handler})
	t.Cleanup(w.server.Close)
	w.store(t, "anonymous", cpuProfile(minute(1).UnixNano(), service("api"), cpu("main", 5)), cpuProfile(minute(5).UnixNano(), service("api"), cpu("main", 5)))
	stats := func() *typesv1.GetProfileStatsResponse {
		return must(t, w.client().GetProfileStats, &typesv1.GetProfileStatsRequest{})
	}
	require.Equal(t, minute(1).UnixMilli(), stats().OldestProfileTime)
	w.under(t, rules{"anonymous": {Deleted: deleted("api", minute(3))}})
	require.Equal(t, minute(3).UnixMilli(), stats().OldestProfileTime)
	require.Equal(t, minute(5).UnixMilli(), stats().NewestProfileTime)
	w.under(t, rules{"anonymous": {Deleted: deleted("api", minute(6))}})
	require.False(t, stats().DataIngested)
	w.under(t, rules{"anonymous": {Deleted: deleted("other", minute(6))}})
	require.Equal(t, minute(1).UnixMilli(), stats().OldestProfileTime)
}

type brokenRules struct{}

func (brokenRules) Of(context.Context, profile.TenantID) (retention.Rules, error) {
	return retention.Rules{}, errors.New("the reason of the test")
}

// Without rules nothing is answered: it might be what was deleted.
func TestRulesThatCannotBeRead(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.server.Close()
	w.server = httptest.NewServer(&swap{w.handler})
	t.Cleanup(w.server.Close)
	w.under(t, brokenRules{})
	_, err := ask(t, w.client().ProfileTypes, &querierv1.ProfileTypesRequest{Start: base, End: base + hour})
	require.Equal(t, connect.CodeInternal, connect.CodeOf(err))
	require.NotContains(t, err.Error(), "reason")
}

// A query that runs on its own lacks what was deleted before it began, and fails
// if something is deleted before its answer is fetched.
func TestAsynchronousQueriesAndDeletions(t *testing.T) {
	w := newAsyncWorld(t)
	w.rules["acme"] = retention.Rules{Deleted: deleted("service-1", minute(20))}
	tree := querierv1.ProfileFormat_PROFILE_FORMAT_TREE
	want := must(t, w.client.SelectMergeStacktraces, question(tree), tenantHeader, "acme")
	id := w.begin(t, "acme", question(tree))
	w.work(t, 9)
	got, err := w.poll(t, "acme", id)
	require.NoError(t, err)
	require.Equal(t, treeStacks(t, want.Tree), treeStacks(t, got.Tree))
	w.rules["beta"] = retention.Rules{Deleted: deleted("service-1", w.now.Add(time.Second))}
	require.Equal(t, succeeded, w.status(t, "acme", id).Status)
	w.rules["acme"] = retention.Rules{Deleted: deleted("service-1", w.now.Add(time.Second))}
	answer := w.status(t, "acme", id)
	require.Equal(t, failed, answer.Status)
	require.Contains(t, answer.ErrorMessage, "deleted while the query was under way")
}
