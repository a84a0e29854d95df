package grafana_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	"github.com/grafana/grafana-foundation-sdk/go/grafanapyroscope"
	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// Each query of the dashboard, and each that fills a variable, gets an answer
// from a server that was pushed to: profile types are there, selectors parse,
// labels are there to divide by.
func TestQueriesOfProfiles(t *testing.T) {
	url := startHost(t)
	now := time.Now()
	push(t, url, now)
	client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, url)
	start, end := now.Add(-time.Hour).UnixMilli(), now.Add(time.Minute).UnixMilli()
	var types []string
	require.Eventually(t, func() bool {
		answer, err := client.ProfileTypes(t.Context(), connect.NewRequest(&querierv1.ProfileTypesRequest{Start: start, End: end}))
		require.NoError(t, err)
		types = nil
		for _, each := range answer.Msg.ProfileTypes {
			types = append(types, each.ID)
		}
		return len(types) >= 8
	}, time.Minute, 50*time.Millisecond)

	d := read(t, "dashboards/profiles.json")
	values := map[string]string{"$profile_type": currentType(t, d, types), "$service": ""}
	fill := func(s string) string {
		for name, value := range values {
			s = strings.ReplaceAll(s, name, value)
		}
		return s
	}
	for _, v := range d.Templating.List {
		if v.Name == "service" {
			query := v.Query.Map
			require.Equal(t, "labelValue", query["type"])
			answer, err := client.LabelValues(t.Context(), connect.NewRequest(&typesv1.LabelValuesRequest{
				Name: query["labelName"].(string), Start: start, End: end,
				Matchers: []string{`{__profile_type__="` + fill(query["profileTypeId"].(string)) + `"}`},
			}))
			require.NoError(t, err)
			require.Equal(t, []string{"shop"}, answer.Msg.Names)
			values["$service"] = answer.Msg.Names[0]
		}
	}
	require.NotEmpty(t, values["$service"])

	asked := 0
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue
		}
		for _, target := range p.Panel.Targets {
			q := target.(*grafanapyroscope.Dataquery)
			asked++
			title, profileType, selector := *p.Panel.Title, fill(q.ProfileTypeId), fill(q.LabelSelector)
			require.Contains(t, types, profileType, title)
			switch grafanapyroscope.PyroscopeQueryType(*q.QueryType) {
			case grafanapyroscope.PyroscopeQueryTypeMetrics:
				answer, err := client.SelectSeries(t.Context(), connect.NewRequest(&querierv1.SelectSeriesRequest{
					ProfileTypeID: profileType, LabelSelector: selector, Start: start, End: end, GroupBy: q.GroupBy, Step: 15,
				}))
				require.NoError(t, err, title)
				require.Len(t, answer.Msg.Series, map[string]int{"pod": 2, "service_name": 1}[q.GroupBy[0]], title)
				require.Equal(t, q.GroupBy[0], answer.Msg.Series[0].Labels[0].Name, title)
			case grafanapyroscope.PyroscopeQueryTypeProfile:
				require.Equal(t, "flamegraph", p.Panel.Type, title)
				answer, err := client.SelectMergeStacktraces(t.Context(), connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
					ProfileTypeID: profileType, LabelSelector: selector, Start: start, End: end,
				}))
				require.NoError(t, err, title)
				require.Positive(t, answer.Msg.Flamegraph.Total, title)
			default:
				t.Fatalf("%s: query of type %s, of which a panel shows one half", title, *q.QueryType)
			}
		}
	}
	require.Equal(t, 8, asked)
}

// currentType is the profile type that the dashboard opens with.
func currentType(t *testing.T, d *schema.Classic, types []string) string {
	t.Helper()
	for _, v := range d.Templating.List {
		if v.Name == "profile_type" {
			require.Equal(t, "profileType", v.Query.Map["type"])
			require.Contains(t, types, *v.Current.Value.String)
			return *v.Current.Value.String
		}
	}
	t.Fatal("no variable profile_type")
	return ""
}

func startHost(t *testing.T) string {
	t.Helper()
	ready := make(chan string, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	c := host.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), FlushInterval: 100 * time.Millisecond, Auth: config.AuthNone,
		Lookup: func(string) (string, bool) { return "", false }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Ready: func(url string) { ready <- url },
	}
	go func() { stopped <- host.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-stopped)
	})
	select {
	case url := <-ready:
		return url
	case err := <-stopped:
		require.NoError(t, err)
		return ""
	}
}

// push sends what Go's SDK and Alloy do, of two pods.
func push(t *testing.T, url string, now time.Time) {
	t.Helper()
	request := &pushv1.PushRequest{}
	for name, file := range map[string]string{
		"process_cpu": "cpu-shop_0", "memory": "mem-shop_0", "goroutine": "goroutine-shop_0", "goroutines": "goroutine-shop_0",
	} {
		data, err := fixtures.Profiles.ReadFile(file + ".pb.gz")
		require.NoError(t, err)
		p, err := profile.ParseData(data)
		require.NoError(t, err)
		p.TimeNanos = now.Add(-time.Minute).UnixNano()
		var body strings.Builder
		require.NoError(t, p.Write(&body))
		for _, pod := range []string{"shop-0", "shop-1"} {
			request.Series = append(request.Series, &pushv1.RawProfileSeries{
				Labels: []*typesv1.LabelPair{
					{Name: "__name__", Value: name}, {Name: "service_name", Value: "shop"}, {Name: "pod", Value: pod},
				},
				Samples: []*pushv1.RawSample{{RawProfile: []byte(body.String())}},
			})
		}
	}
	_, err := pushv1connect.NewPusherServiceClient(http.DefaultClient, url).Push(t.Context(), connect.NewRequest(request))
	require.NoError(t, err)
}
