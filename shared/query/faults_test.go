package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// indexFunc is an index made of a function.
type indexFunc func(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error)

func (f indexFunc) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	return f(ctx, tenant, from, to)
}

// serve posts to a handler directly, with a context.
func serve(ctx context.Context, h http.Handler, method, body, tenant string) (int, map[string]string) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/querier.v1.QuerierService/"+method, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(tenantHeader, tenant)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer map[string]string
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // not of answers that are no errors
	return w.Code, answer
}

// methods has a request for each method that asks the index.
func methods() map[string]string {
	in := fmt.Sprintf(`"profile_typeID":%q,"label_selector":"{}","start":%d,"end":%d`, cpuID, base, base+hour)
	return map[string]string{
		"ProfileTypes":           `{}`,
		"LabelNames":             fmt.Sprintf(`{"start":%d,"end":%d}`, base, base+hour),
		"LabelValues":            fmt.Sprintf(`{"name":"pod","start":%d,"end":%d}`, base, base+hour),
		"Series":                 fmt.Sprintf(`{"start":%d,"end":%d}`, base, base+hour),
		"SelectMergeStacktraces": `{` + in + `}`,
		"SelectMergeSpanProfile": `{` + in + `}`,
		"SelectMergeProfile":     `{` + in + `}`,
		"SelectSeries":           `{` + in + `,"step":15}`,
		"SelectHeatmap":          `{` + in + `,"step":15,"queryType":1}`,
		"AnalyzeQuery":           fmt.Sprintf(`{"query":"{}","start":%d,"end":%d}`, base, base+hour),
		"Diff":                   `{"left":{` + in + `},"right":{` + in + `}}`,
	}
}

func TestInternalErrorsStayInside(t *testing.T) {
	good := newWorld(t, query.Settings{})
	good.store(t, "acme", cpuProfile(base*1e6, service("a"), cpu("f", 10)))
	rows, err := good.index.Find(t.Context(), "acme", 0, base*2e6)
	require.NoError(t, err)
	row := func(change func(*blockindex.Row)) indexFunc {
		return func(context.Context, profile.TenantID, int64, int64) ([]blockindex.Row, error) {
			bad := rows[0]
			change(&bad)
			return []blockindex.Row{rows[0], bad}, nil
		}
	}
	for name, x := range map[string]struct {
		index  indexFunc
		tenant string
		cause  string
	}{
		"index fails": {func(context.Context, profile.TenantID, int64, int64) ([]blockindex.Row, error) {
			return nil, errors.New("secret table is on fire")
		}, "acme", "secret table is on fire"},
		"no detail":              {row(func(r *blockindex.Row) { r.Detail = nil }), "acme", "corrupt block"},
		"cut detail":             {row(func(r *blockindex.Row) { r.Detail = r.Detail[:len(r.Detail)-3] }), "acme", "corrupt block"},
		"detail of other block":  {row(func(r *blockindex.Row) { r.ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV" }), "acme", "describes block"},
		"detail of other tenant": {row(func(*blockindex.Row) {}), "beta", "of tenant acme"},
	} {
		t.Run(name, func(t *testing.T) {
			for method, body := range methods() {
				w := newWorld(t, query.Settings{Multitenancy: true})
				w.objects = good.objects
				h := query.New(query.Settings{Multitenancy: true}, w.deps(t, x.index))
				status, answer := serve(t.Context(), h, method, body, x.tenant)
				require.Equal(t, http.StatusInternalServerError, status, method)
				require.Equal(t, map[string]string{"code": "internal", "message": "internal error"}, answer)
				log := w.log.String()
				require.Contains(t, log, "level=ERROR")
				require.Contains(t, log, x.cause)
				require.Contains(t, log, "tenant="+x.tenant)
				require.Contains(t, log, "path=/querier.v1.QuerierService/"+method)

				ctx := telemetry.WithInvocation(t.Context(), telemetry.NewInvocation("req-77", nil))
				_, answer = serve(ctx, h, method, body, x.tenant)
				require.Equal(t, "internal error (request id req-77)", answer["message"])
			}
		})
	}
}

func TestAMissingObjectIsAnErrorNotAPartialAnswer(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10)))
	w.store(t, "anonymous", cpuProfile(base*1e6, service("b"), cpu("f", 10)))
	for key := range w.objects {
		delete(w.objects, key)
		break
	}
	for method, body := range methods() {
		status, answer := serve(t.Context(), w.handler, method, body, "")
		if method == "ProfileTypes" || method == "AnalyzeQuery" {
			require.Equal(t, http.StatusOK, status)
			continue
		}
		require.Equal(t, http.StatusServiceUnavailable, status, method)
		require.Equal(t, "unavailable", answer["code"])
		require.Equal(t, "1 of 2 blocks could not be read; ask again, or with the header X-Pyrocumulus-Allow-Partial: true for an answer without them", answer["message"])
	}
}

func TestContextsThatEnd(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10)))
	for method, body := range methods() {
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		status, answer := serve(ctx, w.handler, method, body, "")
		cancel()
		require.Equal(t, http.StatusGatewayTimeout, status, method)
		require.Equal(t, "deadline_exceeded", answer["code"])

		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		status, answer = serve(ctx, w.handler, method, body, "")
		require.Equal(t, 499, status, method)
		require.Equal(t, "canceled", answer["code"])
	}
	// A time limit further inside is one as well; a cancellation there is a
	// mistake of ours.
	for err, code := range map[error]string{context.DeadlineExceeded: "deadline_exceeded", context.Canceled: "internal"} {
		h := query.New(query.Settings{}, w.deps(t, indexFunc(func(context.Context, profile.TenantID, int64, int64) ([]blockindex.Row, error) {
			return nil, fmt.Errorf("query table: %w", err)
		})))
		_, answer := serve(t.Context(), h, "LabelNames", methods()["LabelNames"], "")
		require.Equal(t, code, answer["code"])
		require.NotContains(t, answer["message"], "table")
	}
}

func TestEveryQueryTellsItsPlan(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10)))
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10)), cpuProfile(base*1e6+1, service("b"), cpu("f", 10)))
	size := 0
	for _, o := range w.objects {
		size += len(o)
	}
	must(t, w.client().SelectMergeStacktraces, stacks())
	require.Equal(t, 1, strings.Count(w.log.String(), "\n"))
	require.Contains(t, w.log.String(), fmt.Sprintf(`level=DEBUG msg="blocks found" tenant=anonymous blocks=2 bytes=%d profiles=3`, size))
}

// The index is asked for what the query needs and no more.
func TestTheIndexIsAskedForTheTimeOfTheQuery(t *testing.T) {
	w := newWorld(t, query.Settings{})
	var asked [][2]int64
	h := query.New(query.Settings{}, w.deps(t, indexFunc(func(_ context.Context, _ profile.TenantID, from, to int64) ([]blockindex.Row, error) {
		asked = append(asked, [2]int64{from, to})
		return nil, nil
	})))
	server := httptest.NewServer(h)
	defer server.Close()
	w.server = server
	c := w.client(connect.WithProtoJSON())
	must(t, c.SelectMergeStacktraces, stacks())
	must(t, c.LabelNames, &typesv1.LabelNamesRequest{Start: base, End: base})
	must(t, c.LabelNames, &typesv1.LabelNamesRequest{Start: -5, End: base})
	must(t, c.LabelNames, &typesv1.LabelNamesRequest{Start: -5, End: -4}) // not asked
	must(t, c.ProfileTypes, &querierv1.ProfileTypesRequest{})
	must(t, c.SelectSeries, &querierv1.SelectSeriesRequest{ProfileTypeID: cpuID, LabelSelector: "{}", Start: base, End: base + 29_999, Step: 10})
	const last = 999_999
	require.Equal(t, [][2]int64{
		{base * 1e6, (base+hour)*1e6 + last},
		{base * 1e6, base*1e6 + last},
		{0, base*1e6 + last},
		{(base - 50*60_000) * 1e6, (base+10*60_000)*1e6 + last},
		{(base - 9_999) * 1e6, (base+20_000)*1e6 + last},
	}, asked)
}
