package deploy

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"time"

	"connectrpc.com/connect"
	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

const cpuType = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

// as makes a client send its requests with the token of a tenant, and the name
// of another one, which is to be ignored. They are in JSON: bodies of text are
// what the emulator's HTTP API passes on unharmed.
func (d *deployed) as(tenant string) []connect.ClientOption {
	password := base64.StdEncoding.EncodeToString([]byte(tenant + ":" + d.tokens[tenant]))
	return []connect.ClientOption{connect.WithProtoJSON(), connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			r.Header().Set("Authorization", "Basic "+password)
			r.Header().Set("X-Scope-OrgID", "somebody")
			return next(ctx, r)
		}
	}))}
}

func (d *deployed) push(tenant string, value int64) {
	kind := &pprof.ValueType{Type: "cpu", Unit: "nanoseconds"}
	f := &pprof.Function{ID: 1, Name: "main.work", SystemName: "main.work"}
	l := &pprof.Location{ID: 1, Line: []pprof.Line{{Function: f}}}
	p := &pprof.Profile{
		SampleType: []*pprof.ValueType{kind}, PeriodType: kind, Period: 1, TimeNanos: time.Now().UnixNano(),
		Function: []*pprof.Function{f}, Location: []*pprof.Location{l},
		Sample: []*pprof.Sample{{Location: []*pprof.Location{l}, Value: []int64{value}}},
	}
	var raw bytes.Buffer
	require.NoError(d.t, p.Write(&raw))
	client := pushv1connect.NewPusherServiceClient(d.client(), d.outputs["Endpoint"], d.as(tenant)...)
	_, err := client.Push(d.t.Context(), connect.NewRequest(&pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{{
		Labels: []*typesv1.LabelPair{
			{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: "shop"}, {Name: "__delta__", Value: "false"},
		},
		Samples: []*pushv1.RawSample{{RawProfile: raw.Bytes()}},
	}}}))
	require.NoError(d.t, err)
}

// total is the CPU time of the service.
func (d *deployed) total(tenant string) int64 {
	total, _ := d.ask(tenant)
	return total
}

// ask is the same, with how many blocks it is from.
func (d *deployed) ask(tenant string) (total int64, blocks string) {
	client := querierv1connect.NewQuerierServiceClient(d.client(), d.outputs["Endpoint"], d.as(tenant)...)
	out, err := client.SelectMergeStacktraces(d.t.Context(), connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpuType, LabelSelector: `{service_name="shop"}`,
		Start: time.Now().Add(-time.Hour).UnixMilli(), End: time.Now().Add(time.Hour).UnixMilli(),
	}))
	require.NoError(d.t, err)
	return out.Msg.GetFlamegraph().GetTotal(), out.Header().Get(query.HeaderBlocks)
}

// checkMerging wants a second segment of a tenant merged with the first, by the
// schedule of the planner and the mapping of its queue.
func (d *deployed) checkMerging() {
	d.push("a", 6)
	d.invoke(deployment.Segment)
	total, blocks := d.ask("a")
	require.Equal(d.t, int64(11), total)
	require.Equal(d.t, "2", blocks)
	require.Eventually(d.t, func() bool {
		total, blocks := d.ask("a")
		require.Equal(d.t, int64(11), total)
		return blocks == "1"
	}, 4*time.Minute, 3*time.Second)
}

// checkPage wants the page at "/", and the files that it names, without a token.
func (d *deployed) checkPage() {
	get := func(path string) (body string) {
		response, err := d.client().Get(d.outputs["Endpoint"] + path)
		require.NoError(d.t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(d.t, err)
		require.Equal(d.t, http.StatusOK, response.StatusCode, "%s: %s", path, text)
		return string(text)
	}
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(get("/"), -1)
	require.Len(d.t, named, 3, "icon, style, script")
	for _, m := range named {
		require.NotEmpty(d.t, get("/"+m[1]), m[1])
	}
}

// checkRoutes wants queries answered by query, and everything else by ingest.
func (d *deployed) checkRoutes() {
	for path, want := range map[string]int{"/ready": http.StatusOK, "/ingest": http.StatusMethodNotAllowed, "/nothing": http.StatusNotFound} {
		request, err := http.NewRequest(http.MethodGet, d.outputs["Endpoint"]+path, nil)
		require.NoError(d.t, err)
		request.SetBasicAuth("a", d.tokens["a"])
		response, err := d.client().Do(request)
		require.NoError(d.t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(d.t, err)
		require.NoError(d.t, response.Body.Close())
		require.Equal(d.t, want, response.StatusCode, "%s: %s", path, body)
	}
	d.checkPage()
	response, err := d.client().Post(d.outputs["Endpoint"]+"/querier.v1.QuerierService/ProfileTypes", "application/json", bytes.NewReader([]byte("{}")))
	require.NoError(d.t, err)
	defer response.Body.Close()
	var refused struct{ Code string }
	require.NoError(d.t, json.NewDecoder(response.Body).Decode(&refused))
	require.Equal(d.t, "unauthenticated", refused.Code, "a request without a token")
}
