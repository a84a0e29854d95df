package query_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	capabilitiesv1 "github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1/capabilitiesv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

const tenantHeader = "X-Scope-OrgID"

// marked is profiles in which everything bears a mark.
func marked(mark string, value int64) []blocktest.Pushed {
	ls := service("shared", "pod", "pod-"+mark, "only_"+mark, "label-"+mark)
	return []blocktest.Pushed{
		cpuProfile(base*1e6, ls, cpu("main;fn-"+mark, value)),
		handMade(base*1e6, ls.With("__name__", "name-"+mark), profile.ValueType{}, []profile.ValueType{{Type: "type-" + mark, Unit: "count"}},
			sample{"main;gn-" + mark, []int64{value}, nil}),
		cpuProfile(base*1e6, service("service-"+mark), cpu("main", value)),
	}
}

// everyMethod returns the answer, as JSON, of all that reads profiles.
func everyMethod(t *testing.T, c querier, tenants string) map[string]string {
	out := map[string]string{}
	h := []string{tenantHeader, tenants}
	keep := func(name string, res any) {
		b, err := json.Marshal(res)
		require.NoError(t, err)
		out[name] = string(b)
	}
	keep("ProfileTypes", must(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{Start: base, End: base}, h...))
	keep("LabelNames", must(t, c.LabelNames, &typesv1.LabelNamesRequest{Start: base, End: base}, h...))
	keep("LabelValues", must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "pod", Start: base, End: base}, h...))
	keep("LabelValues service", must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "service_name", Start: base, End: base}, h...))
	keep("Series", must(t, c.Series, &querierv1.SeriesRequest{Start: base, End: base}, h...))
	keep("Series described", must(t, c.Series, &querierv1.SeriesRequest{LabelNames: []string{"service_name"}, Start: base, End: base}, h...))
	keep("Diff", must(t, c.Diff, &querierv1.DiffRequest{Left: stacks(), Right: stacks()}, h...))
	for _, f := range []querierv1.ProfileFormat{1, 4} {
		in := func(r *querierv1.SelectMergeStacktracesRequest) { r.Format = f }
		keep(f.String(), must(t, c.SelectMergeStacktraces, stacks(in), h...))
	}
	tree := func(r *querierv1.SelectMergeStacktracesRequest) {
		r.Format = querierv1.ProfileFormat_PROFILE_FORMAT_TREE
	}
	out["Tree"] = string(must(t, c.SelectMergeStacktraces, stacks(tree), h...).Tree)
	keep("SelectMergeProfile", must(t, older(c).SelectMergeProfile,
		&querierv1.SelectMergeProfileRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base}, h...))
	keep("SelectMergeSpanProfile", must(t, older(c).SelectMergeSpanProfile,
		&querierv1.SelectMergeSpanProfileRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base}, h...))
	keep("SelectHeatmap", must(t, c.SelectHeatmap, &querierv1.SelectHeatmapRequest{
		ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + hour, Step: 15, QueryType: 1, GroupBy: []string{"pod"},
	}, h...))
	keep("SelectSeries", must(t, c.SelectSeries, seriesRequest(func(r *querierv1.SelectSeriesRequest) { r.GroupBy = []string{"pod"} }), h...))
	return out
}

func TestTenantsNeverSeeEachOther(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true})
	w.store(t, "acme", marked("acme", 10)...)
	w.store(t, "beta", marked("beta", 700)...)
	w.store(t, "anonymous", marked("anon", 9000)...)
	marks := []string{"acme", "beta", "anon"}
	eachCodec(t, w, func(t *testing.T, c querier) {
		for tenants, visible := range map[string]string{
			"acme": "acme", "beta": "beta", "acme|beta": "acme beta", "beta||acme|": "acme beta", "nobody": "",
			"nobody|beta": "beta", "anonymous": "anon", "acme|beta|anonymous": "acme beta anon",
		} {
			for method, answer := range everyMethod(t, c, tenants) {
				for _, m := range marks {
					require.Equal(t, strings.Contains(visible, m), strings.Contains(answer, "-"+m) || strings.Contains(answer, "_"+m),
						"%s as %s: %s", method, tenants, answer)
				}
			}
		}
		// Several tenants are one fleet: equal stacks and label sets are one.
		flame := must(t, c.SelectMergeStacktraces, stacks(), tenantHeader, "acme|beta").Flamegraph
		require.Equal(t, int64(2*710), flame.Total)
		require.Equal(t, []int64{0, 1420, 710, 1}, flame.Levels[1].Values)
		all := must(t, c.SelectSeries, seriesRequest(), tenantHeader, "acme|beta").Series
		require.Len(t, all, 1)
		require.Equal(t, 1420.0, all[0].Points[0].Value)
		services := must(t, c.LabelValues, &typesv1.LabelValuesRequest{Name: "service_name", Start: base, End: base}, tenantHeader, "acme|beta")
		require.Equal(t, []string{"service-acme", "service-beta", "shared"}, services.Names)
	})
}

func TestStatsAreOfOneTenant(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true})
	w.store(t, "acme", cpuProfile((base+5)*1e6+999_999, service("a"), cpu("f", 10)))
	w.store(t, "acme", cpuProfile((base+9)*1e6, service("a"), cpu("f", 10)))
	w.store(t, "acme", cpuProfile((base+2)*1e6, service("a"), cpu("f", 10)), cpuProfile((base+7)*1e6, service("a"), cpu("f", 10)))
	stats := func(tenant string) (*typesv1.GetProfileStatsResponse, error) {
		return ask(t, w.client().GetProfileStats, &typesv1.GetProfileStatsRequest{}, tenantHeader, tenant)
	}
	got, err := stats("acme")
	require.NoError(t, err)
	require.Equal(t, []any{true, base + 2, base + 9}, []any{got.DataIngested, got.OldestProfileTime, got.NewestProfileTime})
	got, err = stats("beta")
	require.NoError(t, err)
	require.False(t, got.DataIngested)
	_, err = stats("acme|beta")
	requireCode(t, connect.CodeInvalidArgument, "multiple org IDs", err, "two")
	got, err = stats("acme|acme|")
	require.NoError(t, err)
	require.True(t, got.DataIngested)
}

func TestRequestsNeedATenant(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true})
	c := w.client()
	flags := capabilitiesv1connect.NewFeatureFlagsServiceClient(w.server.Client(), w.server.URL)
	for tenant, x := range map[string]struct {
		code connect.Code
		part string
	}{
		"":      {connect.CodeUnauthenticated, "no org id"},
		"../..": {connect.CodeUnauthenticated, "invalid"},
		"a|b c": {connect.CodeUnauthenticated, "invalid"},
		"|":     {connect.CodeInvalidArgument, "no org id"},
	} {
		errs := ranged(t, c, base, base, tenantHeader, tenant)
		_, errs["ProfileTypes"] = ask(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{}, tenantHeader, tenant)
		_, errs["GetProfileStats"] = ask(t, c.GetProfileStats, &typesv1.GetProfileStatsRequest{}, tenantHeader, tenant)
		_, errs["GetFeatureFlags"] = ask(t, flags.GetFeatureFlags, &capabilitiesv1.GetFeatureFlagsRequest{}, tenantHeader, tenant)
		for name, err := range errs {
			requireCode(t, x.code, x.part, err, fmt.Sprint(name, " as ", tenant))
		}
	}
	status, answer := w.post(t, "/querier.v1.QuerierService/ProfileTypes", `{}`)
	require.Equal(t, 401, status)
	require.Equal(t, `{"code":"unauthenticated","message":"no org id"}`, answer)
}

func TestWithoutMultitenancyTheHeaderIsIgnored(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", marked("anon", 10)...)
	w.store(t, "acme", marked("acme", 10)...)
	for _, tenants := range []string{"", "acme", "acme|beta", "../.."} {
		for method, answer := range everyMethod(t, w.client(), tenants) {
			require.Contains(t, answer, "anon", method)
			require.NotContains(t, answer, "acme", method)
		}
		_, err := ask(t, w.client().GetProfileStats, &typesv1.GetProfileStatsRequest{}, tenantHeader, tenants)
		require.NoError(t, err)
	}
}
