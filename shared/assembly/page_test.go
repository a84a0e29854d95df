package assembly

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// noRecords fails whoever looks for a token.
type noRecords struct{}

func (noRecords) Get(context.Context, records.Name) (records.Record, error) {
	return records.Record{}, errors.New("nobody should ask")
}

// behindGateway is the query function with tokens, asked by events of the routes
// that it has.
func behindGateway(t *testing.T) http.Handler {
	t.Helper()
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	host := Host{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	function := lambdahost.HTTP(host.guarded(newQueryMux(other, other, other, other), config.AuthToken, noRecords{}, queryAccess), lambdahost.Options{})
	var routes []gateway.Route
	for _, key := range QueryRoutes() {
		routes = append(routes, gateway.Route{Key: key, Function: function})
	}
	handler, err := gateway.New(routes, gateway.Options{})
	require.NoError(t, err)
	return handler
}

// Behind API Gateway, with tokens, a browser gets the page and all its files
// before it has one, compressed and once; what it asks then it may not.
func TestThePageIsServedByTheQueryFunction(t *testing.T) {
	handler := behindGateway(t)
	ask := func(method, path, name, value string) (*http.Response, string) {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() == 0 {
			return w.Result(), w.Body.String()
		}
		z, err := gzip.NewReader(w.Body)
		require.NoError(t, err)
		text, err := io.ReadAll(z)
		require.NoError(t, err)
		return w.Result(), string(text)
	}
	page, text := ask("GET", "/", "Accept-Encoding", "gzip, deflate, br")
	require.Equal(t, 200, page.StatusCode)
	require.Equal(t, "no-cache", page.Header.Get("Cache-Control"))
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'")
	paths := []string{"/"}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		paths = append(paths, "/"+m[1])
	}
	require.Len(t, paths, 4)
	for _, path := range paths {
		compressed, text := ask("GET", path, "Accept-Encoding", "gzip")
		require.Equal(t, "gzip", compressed.Header.Get("Content-Encoding"), path)
		_, plain := ask("GET", path, "Accept-Encoding", "")
		require.NotEmpty(t, plain, path)
		require.Equal(t, plain, text, path)
		known, text := ask("GET", path, "If-None-Match", compressed.Header.Get("Etag"))
		require.Equal(t, 304, known.StatusCode, path)
		require.Empty(t, text, path)
		head, text := ask("HEAD", path, "Accept-Encoding", "gzip")
		require.Equal(t, 200, head.StatusCode, path)
		require.Empty(t, text, path)
	}
	refused, text := ask("POST", "/querier.v1.QuerierService/Series", "Sec-Fetch-Dest", "empty")
	require.Equal(t, 401, refused.StatusCode)
	require.NotContains(t, refused.Header.Get("WWW-Authenticate"), "Basic", "the browser would ask for a password, not the page")
	require.Contains(t, text, "no token")
}
