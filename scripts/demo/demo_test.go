package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// startHost runs a host until the test ends and returns its URL.
func startHost(t *testing.T, c host.Config) string {
	t.Helper()
	ready := make(chan string, 1)
	c.Listen, c.Data, c.FlushInterval = "127.0.0.1:0", t.TempDir(), 100*time.Millisecond
	c.Lookup = func(string) (string, bool) { return "", false }
	c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	c.Ready = func(url string) { ready <- url }
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
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

func TestDemoShowsWhatItSent(t *testing.T) {
	url := startHost(t, host.Config{Auth: config.AuthHeader})
	now := time.Now()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, url+"/", caller{tenant: "acme"}, now))
	text := out.String()
	require.Contains(t, text, "services to "+url+".")
	require.Regexp(t, `demo-shop +process_cpu:cpu:nanoseconds:cpu:nanoseconds +[1-9]`, text)
	require.Regexp(t, `demo-gofmt +process_cpu:samples:count:cpu:nanoseconds +[1-9]`, text)
	require.Regexp(t, `demo-compile +memory:alloc_space:bytes:space:bytes +[1-9]`, text)
	require.Regexp(t, `100\.0% █+ +0\.0%  total [1-9]`, text)
	require.Contains(t, text, "net/http.(*conn).serve")

	// The commands that it prints work as they are.
	commands := regexp.MustCompile(`(?m)^  curl .*\\\n.*$`).FindAllString(text, -1)
	require.Len(t, commands, 3)
	for i, want := range []string{`"flamegraph"`, `"value":"pod-1"`, `"value":"demo-compile"`} {
		answer, err := exec.Command("sh", "-c", commands[i]).Output()
		require.NoError(t, err, commands[i])
		require.Contains(t, string(answer), want)
	}

	// Run again, there is more.
	require.NoError(t, run(t.Context(), &out, url, caller{tenant: "acme"}, now.Add(time.Second)))
}

func TestDemoExplainsErrors(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, c := range map[string]struct{ url, want string }{
		"nothing listens": {"http://" + closed.Addr().String(), "start it with `make run`"},
		"another server":  {other.URL, "is no Pyrocumulus"},
		"no tenant":       {startHost(t, host.Config{Auth: config.AuthHeader}), "name a tenant with -tenant"},
		"no token":        {startHost(t, host.Config{Auth: config.AuthToken}), "set PYROCUMULUS_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(t.Context(), &out, c.url, caller{}, time.Now())
			require.ErrorContains(t, err, c.want)
			require.Empty(t, out.String())
		})
	}
}

func TestTheTokenIsSentAndNotPrinted(t *testing.T) {
	proof := make(chan string, 1)
	asked := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { proof <- r.Header.Get("Authorization") }))
	defer asked.Close()
	s := newServer(asked.URL, caller{token: "pyc_secret"})
	_ = s.push(t.Context(), &pushv1.PushRequest{})
	require.Equal(t, "Bearer pyc_secret", <-proof)
	var out bytes.Buffer
	s.printCurl(&out, "Series", "{}")
	require.Contains(t, out.String(), `-H "Authorization: Bearer $PYROCUMULUS_TOKEN" `)
}

func TestQuote(t *testing.T) {
	out, err := exec.Command("sh", "-c", "printf %s "+quote(`it's "$HOME"`)).Output()
	require.NoError(t, err)
	require.Equal(t, `it's "$HOME"`, strings.TrimSpace(string(out)))
}
