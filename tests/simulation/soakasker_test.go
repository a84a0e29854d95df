package simulation

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// asker asks the query API and reads its answers.
type asker struct {
	client querierv1connect.QuerierServiceClient
}

// handlerTransport has a handler answer requests.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func newAsker(transport http.RoundTripper, url string) *asker {
	return &asker{querierv1connect.NewQuerierServiceClient(&http.Client{Transport: transport}, url)}
}

func (q question) selector() string {
	if q.service == "" {
		return "{}"
	}
	return fmt.Sprintf("{%s=%q}", profile.LabelServiceName, q.service)
}

func requestFor[M any](tenant profile.TenantID, m *M) *connect.Request[M] {
	r := connect.NewRequest(m)
	r.Header().Set("X-Scope-OrgID", string(tenant))
	return r
}

// flameGraph returns values by function of the leaf.
func (a *asker) flameGraph(ctx context.Context, q question) (map[string]int64, error) {
	nodes := int64(1 << 20)
	res, err := a.client.SelectMergeStacktraces(ctx, requestFor(q.tenant, &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpu.String(), LabelSelector: q.selector(), Start: q.from.UnixMilli(), End: q.to.UnixMilli(), MaxNodes: &nodes,
	}))
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64)
	g := res.Msg.Flamegraph
	for _, level := range g.GetLevels() {
		for v := level.Values; len(v) >= 4; v = v[4:] { // offset, total, self, name
			if v[2] != 0 {
				out[g.Names[v[3]]] += v[2]
			}
		}
	}
	return out, nil
}

// points returns values by service and by the end of the time that they cover.
// The first covers a step before the start.
func (a *asker) points(ctx context.Context, q question, step time.Duration) (map[string]map[int64]int64, error) {
	res, err := a.client.SelectSeries(ctx, requestFor(q.tenant, &querierv1.SelectSeriesRequest{
		ProfileTypeID: cpu.String(), LabelSelector: q.selector(), Start: q.from.UnixMilli(), End: q.to.UnixMilli(),
		GroupBy: []string{profile.LabelServiceName}, Step: step.Seconds(),
	}))
	if err != nil {
		return nil, err
	}
	out := make(map[string]map[int64]int64)
	for _, s := range res.Msg.Series {
		points := make(map[int64]int64)
		for _, p := range s.Points {
			points[p.Timestamp] = int64(p.Value)
		}
		out[labelOf(s.Labels, profile.LabelServiceName)] = points
	}
	return out, nil
}

// pods returns the pods that the time has, as values of a label.
func (a *asker) pods(ctx context.Context, q question) (map[string]bool, error) {
	res, err := a.client.LabelValues(ctx, requestFor(q.tenant, &typesv1.LabelValuesRequest{
		Name: "pod", Matchers: []string{q.selector()}, Start: q.from.UnixMilli(), End: q.to.UnixMilli(),
	}))
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool)
	for _, name := range res.Msg.Names {
		out[name] = true
	}
	return out, nil
}

// series returns the pods that the time has, with their services.
func (a *asker) series(ctx context.Context, q question) (map[string]bool, error) {
	res, err := a.client.Series(ctx, requestFor(q.tenant, &querierv1.SeriesRequest{
		LabelNames: []string{profile.LabelServiceName, "pod"}, Matchers: []string{q.selector()},
		Start: q.from.UnixMilli(), End: q.to.UnixMilli(),
	}))
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool)
	for _, s := range res.Msg.LabelsSet {
		out[labelOf(s.Labels, profile.LabelServiceName)+"/"+labelOf(s.Labels, "pod")] = true
	}
	return out, nil
}

func labelOf(labels []*typesv1.LabelPair, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}
