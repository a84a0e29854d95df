package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
)

// routes returns a gateway that answers with the key of the route in a header
// and the path variables in others.
func routes(t *testing.T, keys ...string) http.Handler {
	t.Helper()
	var all []gateway.Route
	for _, key := range keys {
		all = append(all, gateway.Route{Key: key, Function: func(_ context.Context, e request) (response, error) {
			headers := map[string]string{"Route": e.RouteKey, "Context": e.RequestContext.RouteKey}
			for name, value := range e.PathParameters {
				headers["Var-"+name] = value
			}
			return response{StatusCode: 200, Headers: headers}, nil
		}})
	}
	h, err := gateway.New(all, gateway.Options{})
	require.NoError(t, err)
	return h
}

func TestRouting(t *testing.T) {
	h := routes(t,
		"ANY /{proxy+}", "POST /ingest", "ANY /ingest", "ANY /pyroscope/{proxy+}", "GET /pyroscope/{proxy+}",
		"ANY /a/{id}/{rest+}", "GET /a/{id}/b", "GET /a/fixed/b", "GET /", "ANY /querier.v1.QuerierService/{method}")
	for _, c := range []struct{ method, path, route, variable, value string }{
		{"POST", "/ingest", "POST /ingest", "", ""},
		{"GET", "/ingest", "ANY /ingest", "", ""},
		{"POST", "/ingest/", "ANY /{proxy+}", "proxy", "ingest/"},
		{"POST", "//ingest", "ANY /{proxy+}", "proxy", "/ingest"},
		{"GET", "/pyroscope/render", "GET /pyroscope/{proxy+}", "proxy", "render"},
		{"POST", "/pyroscope/a/b", "ANY /pyroscope/{proxy+}", "proxy", "a/b"},
		{"GET", "/pyroscope", "ANY /{proxy+}", "proxy", "pyroscope"},
		{"GET", "/a/1/b", "GET /a/{id}/b", "id", "1"},
		{"GET", "/a/fixed/b", "GET /a/fixed/b", "", ""},
		{"GET", "/a//b", "ANY /{proxy+}", "proxy", "a//b"},
		{"GET", "/a/1/b/c", "ANY /a/{id}/{rest+}", "rest", "b/c"},
		{"GET", "/", "GET /", "", ""},
		{"POST", "/querier.v1.QuerierService/LabelNames", "ANY /querier.v1.QuerierService/{method}", "method", "LabelNames"},
	} {
		w := do(h, httptest.NewRequest(c.method, "http://h"+c.path, nil))
		require.Equal(t, 200, w.Code, "%+v", c)
		require.Equal(t, c.route, w.Header().Get("Route"), "%+v", c)
		require.Equal(t, c.route, w.Header().Get("Context"))
		if c.variable != "" {
			require.Equal(t, c.value, w.Header().Get("Var-"+c.variable), "%+v", c)
		}
	}
}

func TestUnknownRoute(t *testing.T) {
	h := routes(t, "POST /ingest")
	for _, r := range []*http.Request{
		httptest.NewRequest("GET", "/ingest", nil),
		httptest.NewRequest("POST", "http://h//ingest", nil),
		httptest.NewRequest("POST", "/other", nil),
	} {
		w := do(h, r)
		require.Equal(t, 404, w.Code)
		require.Equal(t, `{"message":"Not Found"}`, w.Body.String())
	}
	h = routes(t, "POST /ingest", gateway.DefaultKey)
	require.Equal(t, gateway.DefaultKey, do(h, httptest.NewRequest("GET", "/other", nil)).Header().Get("Route"))
}

func TestBadRoutesAreReportedTogether(t *testing.T) {
	f := func(context.Context, request) (response, error) { return response{}, nil }
	_, err := gateway.New([]gateway.Route{
		{Key: "POST /a", Function: f}, {Key: "POST /a", Function: f},
		{Key: "/no-method", Function: f},
		{Key: "POST relative", Function: f},
		{Key: "post /lower", Function: f},
		{Key: "GET /a{b}", Function: f},
		{Key: "GET /{a+}/b", Function: f},
		{Key: "GET /nil"},
	}, gateway.Options{})
	for _, want := range []string{
		`route "POST /a": given twice`, `"/no-method": want`, `"POST relative": want`, `"post /lower": want`,
		`a variable must be a whole segment`, `{a+} must be the last segment`, `"GET /nil": has no function`,
	} {
		require.ErrorContains(t, err, want)
	}
}
