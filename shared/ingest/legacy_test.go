package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// form writes a multipart form as pyroscope-go does, of parts given as name,
// content, name, content, ….
func form(t testing.TB, parts ...string) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i < len(parts); i += 2 {
		part, err := w.CreateFormFile(parts[i], parts[i]+".bin")
		require.NoError(t, err)
		_, err = io.WriteString(part, parts[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return body, w.FormDataContentType()
}

// As captured from pyroscope-go v1.4.3.
func TestIngestFromTheGoSDK(t *testing.T) {
	b := newBench(t)
	body, contentType := form(t, "profile", string(gz(t, cpu(now, 4))))
	q := url.Values{
		"aggregationType": {""}, "units": {""}, "sampleRate": {"100"}, "spyName": {"gospy"},
		"from": {fmt.Sprint(now.Add(-15 * time.Second).UnixNano())}, "until": {fmt.Sprint(now.UnixNano())},
		"name": {"my.app{__session_id__=294b642fa0d4beee,otel.scope.name=com.grafana.pyroscope/go,process.runtime.version=go1.26,region=eu}"},
	}
	w := b.do("POST", "/ingest?"+q.Encode(), body, "Content-Type", contentType)
	require.Equal(t, 200, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	require.Empty(t, w.Header())
	got := b.received()
	require.Len(t, got, 1)
	require.Equal(t, profile.NewLabels("__name__", "process_cpu", "service_name", "my.app", "pyroscope_spy", "gospy",
		"otel.scope.name", "com.grafana.pyroscope/go", "process.runtime.version", "go1.26", "region", "eu"), got[0].Labels)
	require.Equal(t, now.UnixNano(), got[0].Profile.TimeNanos)
	require.Equal(t, []int64{4, 4e7}, got[0].Profile.Values)
}

// As captured from @pyroscope/nodejs 0.6.4: no form, seconds, dotted labels.
func TestIngestFromNode(t *testing.T) {
	b := newBench(t)
	wall := cpu(time.Time{}, 4, func(p *gprofile.Profile) {
		p.SampleType[1].Type, p.PeriodType.Type = "wall", "wall"
	})
	target := fmt.Sprintf("/ingest?format=pprof&from=%d&name=shop%%7Bservice.version%%3D1.2%%2Cregion%%3Deu%%7D&spyName=nodespy&until=%d", now.Unix()-60, now.Unix())
	w := b.do("POST", target, bytes.NewReader(gz(t, wall)), "content-type", "application/octet-stream")
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, []string{"wall:samples:count:wall:nanoseconds", "wall:wall:nanoseconds:wall:nanoseconds"}, b.types())
	got := b.received()[0]
	require.Equal(t, profile.NewLabels("__name__", "wall", "service_name", "shop", "pyroscope_spy", "nodespy", "region", "eu", "service.version", "1.2"), got.Labels)
	require.Equal(t, (now.Unix()-60)*1e9, got.Profile.TimeNanos, "a profile without a time is of the time from")
}

// ingestCase is a request and what is to become of it.
type ingestCase struct {
	name    string
	query   string
	body    any // string: raw; parts: form
	stored  int
	status  int
	code    string
	message string
}

// parts are those of a form: name, content, name, content, ….
type parts = []string

const pprofRaw = "name=app&format=pprof"

func (c ingestCase) run(t *testing.T) {
	for _, path := range []string{"/ingest?", "/pyroscope/ingest?"} {
		b := newBench(t, func(s *ingest.Settings) { s.MaxBodyBytes = 2 << 20 })
		body, contentType := &bytes.Buffer{}, "application/octet-stream"
		switch x := c.body.(type) {
		case string:
			body.WriteString(x)
		case parts:
			body, contentType = form(t, x...)
		}
		w := b.do("POST", path+c.query, body, "Content-Type", contentType)
		require.Equal(t, c.status, w.Code, w.Body)
		require.Len(t, b.received(), c.stored)
		code, message := errorBody(t, w)
		require.Equal(t, c.code, code)
		require.Contains(t, message, c.message)
		if c.status == 200 {
			require.Empty(t, w.Body.String())
		}
	}
}

func TestIngestStatuses(t *testing.T) {
	ok := string(gz(t, cpu(now, 1)))
	old := string(gz(t, cpu(now.Add(-2*time.Hour), 1)))
	nothing := string(gz(t, cpu(now, 1, func(p *gprofile.Profile) { p.Sample = nil })))
	for _, c := range []ingestCase{
		{"raw", pprofRaw, ok, 1, 200, "", ""},
		{"raw, plain", pprofRaw, string(plain(t, cpu(now, 1))), 1, 200, "", ""},
		{"form", "name=app", parts{"profile", ok}, 1, 200, "", ""},
		{"form of unknown format", "name=app&format=what", parts{"profile", ok}, 1, 200, "", ""},
		{"form with more parts", "name=app", parts{"other", "x", "profile", ok, "sample_type_config", ""}, 1, 200, "", ""},
		{"form without profile", "name=app", parts{"sample_type_config", "{}"}, 0, 200, "", ""},
		{"form with empty profile", "name=app", parts{"profile", ""}, 0, 200, "", ""},
		{"empty body", pprofRaw, "", 0, 200, "", ""},
		{"empty body of another format", "name=app", "", 0, 200, "", ""},
		{"no samples", pprofRaw, nothing, 0, 200, "", ""},
		{"no name", "format=pprof", ok, 0, 400, "invalid_argument", "application name is required"},
		{"empty name", "name=&format=pprof", ok, 0, 400, "invalid_argument", "application name is required"},
		{"bad name", "name=a%20b&format=pprof", ok, 0, 400, "invalid_argument", `' ' is not allowed`},
		{"bad label name", "name=a{b-c=d}&format=pprof", ok, 0, 400, "invalid_argument", `'-' is not allowed`},
		{"garbage", pprofRaw, "hello", 0, 422, "unknown", "malformed"},
		{"garbage in the form", "name=app", parts{"profile", "hello"}, 0, 422, "unknown", `{pyroscope_spy="unknown", service_name="app"}: malformed pprof`},
		{"form as raw", pprofRaw, parts{"profile", ok}, 0, 422, "unknown", "malformed"},
		{"too old", pprofRaw, old, 0, 422, "unknown", "time window"},
		{"too old in from", "name=app&format=pprof&from=20200101", string(gz(t, cpu(time.Unix(0, 0), 1))), 0, 422, "unknown", "2020-01-01"},
		{"from far away", "name=app&format=pprof&from=253402300000", string(gz(t, cpu(time.Time{}, 1))), 0, 422, "unknown", "time window"},
		{"label too long", "name=app{a=" + strings.Repeat("v", 2049) + "}&format=pprof", ok, 0, 422, "unknown", "2049 bytes"},
		{"empty service", "name=app{service_name=}&format=pprof", ok, 0, 422, "unknown", "service_name is empty"},
		{"label that is not UTF-8", "name=app{a=%ff}&format=pprof", ok, 0, 422, "unknown", "not UTF-8"},
		{"prev_profile", "name=app", parts{"profile", ok, "prev_profile", ok}, 0, 422, "unknown", "prev_profile"},
		{"bad config", "name=app", parts{"profile", ok, "sample_type_config", "{"}, 0, 422, "unknown", "sample_type_config"},
		{"too large profile", pprofRaw, string(gz(t, large(now, 16000))), 0, 422, "unknown", "limit MaxSamples"},
		{"too large body", pprofRaw, strings.Repeat("x", 2<<20+1), 0, 413, "invalid_argument", "larger than 2097152 bytes"},
	} {
		t.Run(c.name, c.run)
	}
}

func TestIngestTransport(t *testing.T) {
	b := newBench(t)
	w := b.do("GET", "/ingest?name=app", nil)
	require.Equal(t, 405, w.Code)
	require.Equal(t, "POST", w.Header().Get("Allow"))

	for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=abc"} {
		w = b.do("POST", "/ingest?name=app", strings.NewReader("not a form"), "Content-Type", contentType)
		require.Equal(t, 422, w.Code, contentType)
	}
	w = b.do("POST", "/ingest?name=app&format=pprof", iotest.ErrReader(errors.New("secret")))
	require.Equal(t, 408, w.Code)
	_, message := errorBody(t, w)
	require.NotContains(t, message, "secret")
	require.Empty(t, b.queue.sent)

	// Content-Encoding is ignored: the profile is gzip itself.
	w = b.do("POST", "/ingest?name=app&format=pprof", bytes.NewReader(gz(t, cpu(now, 1))), "Content-Encoding", "gzip")
	require.Equal(t, 200, w.Code)

	// Chunked, as the Java agent sends: no length is known beforehand.
	server := httptest.NewServer(b.handler)
	defer server.Close()
	req, err := http.NewRequest("POST", server.URL+"/ingest?name=app&format=pprof", io.MultiReader(bytes.NewReader(gz(t, cpu(now, 2)))))
	require.NoError(t, err)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	require.Empty(t, resp.Header.Get("Content-Type"))
	require.Len(t, b.queue.sent, 2)
}

func TestScriptingLanguagesNameFilesInFunctions(t *testing.T) {
	for spy, want := range map[string]string{"pyspy": "main.go main.work", "rbspy": "main.go main.work", "gospy": "main.work"} {
		b := newBench(t)
		w := b.do("POST", "/ingest?name=app&format=pprof&spyName="+spy, bytes.NewReader(gz(t, cpu(now, 1))))
		require.Equal(t, 200, w.Code)
		p := b.received()[0].Profile
		require.Equal(t, want, p.Strings[p.Functions[0].Name])
	}
}
