package webui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func get(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

// linked are the files that the page names, but for those of other packages.
func linked(t *testing.T, h http.Handler) []string {
	t.Helper()
	page := read(t, get(h, "GET", "/").Body)
	var all []string
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.True(t, strings.HasPrefix(m[1], "ui/"), "%s: everything comes from this server, below where it is mounted", m[1])
		all = append(all, "/"+m[1])
	}
	require.Len(t, all, 3, "icon, style, script")
	return all
}

func TestServesThePageAndWhatItNames(t *testing.T) {
	h := New()
	for path, want := range map[string][2]string{
		"/":                {"text/html; charset=utf-8", "no-cache"},
		"/ui/icon.svg":     {"image/svg+xml", "no-cache"},
		"/ui/licenses.txt": {"text/plain; charset=utf-8", "no-cache"},
	} {
		r := get(h, "GET", path)
		require.Equal(t, 200, r.StatusCode, path)
		require.Equal(t, want[0], r.Header.Get("Content-Type"), path)
		require.Equal(t, want[1], r.Header.Get("Cache-Control"), path)
	}
	for _, path := range linked(t, h) {
		r := get(h, "GET", path)
		require.Equal(t, 200, r.StatusCode, path)
		require.NotEmpty(t, read(t, r.Body), path)
		switch {
		case strings.HasSuffix(path, ".js"):
			require.Equal(t, "text/javascript; charset=utf-8", r.Header.Get("Content-Type"))
		case strings.HasSuffix(path, ".css"):
			require.Equal(t, "text/css; charset=utf-8", r.Header.Get("Content-Type"))
		default:
			continue
		}
		require.Contains(t, r.Header.Get("Cache-Control"), "immutable", "%s: its name has its hash", path)
	}
}

func TestAllowsNothingFromElsewhere(t *testing.T) {
	header := get(New(), "GET", "/").Header
	policy := header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
		require.Contains(t, policy, want)
	}
	for _, no := range []string{"unsafe", "http", "*"} {
		require.NotContains(t, policy, no)
	}
	require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
}

func TestCompressesForThoseWhoTakeIt(t *testing.T) {
	h := New()
	for accept, want := range map[string]string{
		"": "", "br": "", "gzip;q=0": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip",
	} {
		for range 2 { // made once, served again
			r := get(h, "GET", "/", "Accept-Encoding", accept)
			require.Equal(t, want, r.Header.Get("Content-Encoding"), accept)
			require.Equal(t, "Accept-Encoding", r.Header.Get("Vary"))
			var body io.Reader = r.Body
			if want == "gzip" {
				z, err := gzip.NewReader(r.Body)
				require.NoError(t, err)
				body = z
			}
			require.Contains(t, read(t, body), "<!doctype html>")
		}
	}
}

// maxBytes bounds what a browser loads, compressed: 1.5 MB is what the
// README promises, and the page is far below.
const maxBytes = 1_500_000

func TestIsSmall(t *testing.T) {
	h := New()
	var sum int
	for _, path := range append(linked(t, h), "/") {
		sum += len(read(t, get(h, "GET", path, "Accept-Encoding", "gzip").Body))
	}
	t.Logf("the page has %d bytes, compressed", sum)
	require.Less(t, sum, maxBytes)
}

func TestIsNotSentTwice(t *testing.T) {
	h := New()
	tag := get(h, "GET", "/").Header.Get("Etag")
	require.NotEmpty(t, tag)
	for header, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200,
	} {
		r := get(h, "GET", "/", "If-None-Match", header)
		require.Equal(t, want, r.StatusCode, header)
		require.Equal(t, want == 200, len(read(t, r.Body)) > 0, header)
	}
}

func TestRefusesWhatItHasNot(t *testing.T) {
	h := New()
	for _, path := range []string{"/ui/", "/ui/nothing.js", "/ui/index.html", "/ui/../webui.go", "/index.html", "/other"} {
		r := get(h, "GET", path)
		require.Equal(t, 404, r.StatusCode, path)
		require.Contains(t, read(t, r.Body), "no such path")
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		r := get(h, method, "/")
		require.Equal(t, 405, r.StatusCode, method)
		require.Equal(t, "GET, HEAD", r.Header.Get("Allow"))
	}
}

func TestHead(t *testing.T) {
	h := New()
	head, full := get(h, "HEAD", "/"), get(h, "GET", "/")
	require.Equal(t, 200, head.StatusCode)
	require.Empty(t, read(t, head.Body))
	require.Equal(t, full.Header, head.Header)
}

func TestCompressKeepsEverything(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(compress([]byte("abc"))))
	require.NoError(t, err)
	require.Equal(t, "abc", read(t, z))
}
