package query_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

func (w *world) do(t *testing.T, method, path, contentType string) (*http.Response, string) {
	req, err := http.NewRequest(method, w.server.URL+path, nil)
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := w.server.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestStaticAnswersNeedNoTenant(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true, Version: "1.2.3", Revision: "abc"})
	res, body := w.do(t, http.MethodGet, "/ready", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "ready", body)
	require.Equal(t, "text/plain; charset=utf-8", res.Header.Get("Content-Type"))

	res, body = w.do(t, http.MethodGet, "/api/v1/status/buildinfo", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	var info struct {
		Status string
		Data   map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(body), &info))
	require.Equal(t, "success", info.Status)
	require.Equal(t, map[string]string{
		"version": "1.2.3", "revision": "abc", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	}, info.Data)

	status, answer := w.post(t, "/version.v1.Version/Version", `{}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `{"QuerierAPI":"1"}`, answer)
}

func TestFeatureFlags(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true})
	status, answer := w.post(t, "/capabilities.v1.FeatureFlagsService/GetFeatureFlags", `{}`, tenantHeader, "acme")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `{"featureFlags":[{"name":"v2StorageLayer","enabled":true},{"name":"pyroscopeRuler"},{"name":"pyroscopeRulerFunctions"},{"name":"utf8LabelNames","enabled":true}]}`, answer)
}

func TestTransport(t *testing.T) {
	w := newWorld(t, query.Settings{})
	const querier = "/querier.v1.QuerierService/"
	for _, c := range []struct {
		method, path, contentType string
		status                    int
	}{
		{http.MethodPost, querier + "GetProfileStats", "application/proto", http.StatusOK}, // Content-Length: 0, as profilecli sends it
		{http.MethodPost, querier + "GetProfileStats", "application/json", http.StatusBadRequest},
		{http.MethodPost, querier + "GetProfileStats", "application/x-protobuf", http.StatusUnsupportedMediaType},
		{http.MethodGet, querier + "GetProfileStats", "application/proto", http.StatusMethodNotAllowed},
		{http.MethodPost, querier + "NoSuchMethod", "application/proto", http.StatusNotFound},
		{http.MethodPost, "/query.v1.QueryFrontendService/Query", "application/proto", http.StatusNotFound},
		{http.MethodPost, "/ready", "", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", "", http.StatusNotFound},
		{http.MethodGet, "/pyroscope/labels", "", http.StatusNotFound},
		{http.MethodPost, "/pyroscope/render", "", http.StatusMethodNotAllowed},
	} {
		res, body := w.do(t, c.method, c.path, c.contentType)
		require.Equal(t, c.status, res.StatusCode, "%s %s: %s", c.method, c.path, body)
	}
	_, body := w.do(t, http.MethodGet, "/pyroscope/labels", "")
	require.JSONEq(t, `{"code":"not_found","message":"no such path"}`, body)
}

func TestPathsAreServed(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for _, path := range query.Paths() {
		method := http.MethodPost
		if path == "/ready" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/pyroscope/") {
			method = http.MethodGet
		}
		q := url.QueryEscape(cpuID)
		path += map[string]string{
			"/pyroscope/render": "?query=" + q, "/pyroscope/render-diff": "?leftQuery=" + q + "&rightQuery=" + q,
			"/pyroscope/label-values": "?label=__name__",
		}[path]
		if strings.HasSuffix(path, "/") {
			path += "ProfileTypes"
		}
		res, body := w.do(t, method, path, "application/proto")
		require.Equal(t, http.StatusOK, res.StatusCode, "%s: %s", path, body)
	}
}
