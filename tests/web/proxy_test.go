package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startProxy serves the host below a few paths, each with a trouble of its own,
// and returns its URL:
//
//   - /slow/ keeps flame graphs back until POST /release,
//   - /broken/ answers them with 503,
//   - /locked/ wants the token "sesame", as an authorizer in front does.
func startProxy(t *testing.T, host string) string {
	t.Helper()
	target, err := url.Parse(host)
	require.NoError(t, err)
	pass := httputil.NewSingleHostReverseProxy(target)
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /release", func(http.ResponseWriter, *http.Request) {
		select {
		case release <- struct{}{}:
		default: // nobody waits any more
		}
	})
	handle := func(name string, before func(http.ResponseWriter, *http.Request) bool) {
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if before(w, r) {
				pass.ServeHTTP(w, r)
			}
		})))
	}
	stacks := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/SelectMergeStacktraces") }
	handle("slow", func(_ http.ResponseWriter, r *http.Request) bool {
		if !stacks(r) {
			return true
		}
		// A server notices that a client went away only when the body is read.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return false
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-release:
			return true
		case <-r.Context().Done():
			return false
		}
	})
	handle("broken", func(w http.ResponseWriter, r *http.Request) bool {
		if !stacks(r) {
			return true
		}
		return refuse(w, http.StatusServiceUnavailable, `{"code":"unavailable","message":"3 of 12 blocks cannot be read at the moment"}`)
	})
	handle("locked", func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "querier") || r.Header.Get("Authorization") == "Bearer sesame" {
			return true
		}
		return refuse(w, http.StatusUnauthorized, `{"message":"Unauthorized"}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func refuse(w http.ResponseWriter, status int, body string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
	return false
}
