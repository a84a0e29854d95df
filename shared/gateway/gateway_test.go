package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
)

var update = flag.Bool("update", false, "write the golden files anew")

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

func fixedNow() time.Time { return time.UnixMilli(1_790_000_000_123) }

// serveAll returns a gateway whose every request goes to f.
func serveAll(t *testing.T, f gateway.Function) http.Handler {
	t.Helper()
	h, err := gateway.New([]gateway.Route{{Key: gateway.DefaultKey, Function: f}}, gateway.Options{Now: fixedNow})
	require.NoError(t, err)
	return h
}

// capture returns a gateway that puts each event into the returned variable.
func capture(t *testing.T) (http.Handler, *request) {
	var got request
	return serveAll(t, func(_ context.Context, e request) (response, error) {
		got = e
		return response{StatusCode: http.StatusOK}, nil
	}), &got
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEventGolden(t *testing.T) {
	h, got := capture(t)
	r := httptest.NewRequest(http.MethodPost,
		"http://localhost:4040//ingest?aggregationType=&from=1&name=app%7Ba%3Db%2C__session_id__%3Dx%7D&a=1&a=2",
		strings.NewReader("\x1f\x8b\x00\xff"))
	r.Header = http.Header{
		"Content-Type":    {"application/octet-stream"},
		"X-Scope-Orgid":   {"team-a"},
		"Accept":          {"*/*;allow-utf8-labelnames=true", "text/plain"},
		"Cookie":          {"a=1; b=2", "c=3"},
		"Connection":      {"keep-alive"},
		"User-Agent":      {"Go-http-client/1.1"},
		"X-Forwarded-For": {"10.0.0.1"},
	}
	require.Equal(t, http.StatusOK, do(h, r).Code)
	require.NotEmpty(t, got.RequestContext.RequestID)
	got.RequestContext.RequestID = "random"

	data, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", "event.golden.json")
	if *update {
		require.NoError(t, os.WriteFile(path, append(data, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(data)+"\n")
}

func TestBodiesTravelAsTheRealGatewaySendsThem(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		text              bool
	}{
		{"text/plain", "hello", true},
		{"text/html; charset=utf-8", "hello", true},
		{"application/json", `{"a":"ü"}`, true},
		{"APPLICATION/JSON; charset=utf-8", `{}`, true},
		{"application/xml", `<a/>`, true},
		{"application/javascript", `a()`, true},
		{"application/x-www-form-urlencoded", "a=b", false},
		{"application/proto", "abc", false},
		{"application/octet-stream", "abc", false},
		{"multipart/form-data; boundary=x", "abc", false},
		{"image/svg+xml", "abc", false},
		{"", "abc", false},
		{"/;;", "abc", false},
		{"application/json", "\x1f\x8b\xff", false},
		{"application/proto", "", true},
		{"", "", true},
	} {
		h, got := capture(t)
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(c.body))
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		do(h, r)
		require.Equal(t, !c.text, got.IsBase64Encoded, "%+v", c)
		if c.text {
			require.Equal(t, c.body, got.Body)
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(got.Body)
		require.NoError(t, err)
		require.Equal(t, c.body, string(decoded))
	}
}

type refusal struct{ Code, Message string }

func requireRefused(t *testing.T, w *httptest.ResponseRecorder, status int, message string) {
	t.Helper()
	require.Equal(t, status, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var got refusal
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, "invalid_argument", got.Code, "a code that no client retries")
	require.Contains(t, got.Message, message)
}

func TestBodyLimit(t *testing.T) {
	h, got := capture(t)
	// Lambda's limit comes first, as base64 counts.
	fits := lambdahost.MaxPayloadBytes/4*3 - 10_000
	w := do(h, httptest.NewRequest(http.MethodPost, "/x", bytes.NewReader(make([]byte, fits))))
	require.Equal(t, http.StatusOK, w.Code)
	event, err := json.Marshal(got)
	require.NoError(t, err)
	require.LessOrEqual(t, len(event), lambdahost.MaxPayloadBytes)

	w = do(h, httptest.NewRequest(http.MethodPost, "/x", bytes.NewReader(make([]byte, fits+10_000))))
	requireRefused(t, w, http.StatusRequestEntityTooLarge, "more than AWS Lambda takes (6291556)")

	// A text is longer in JSON than it is; this one twice as long.
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(strings.Repeat(`"`, 3_200_000)))
	r.Header.Set("Content-Type", "text/plain")
	requireRefused(t, do(h, r), http.StatusRequestEntityTooLarge, "send at most 4.5 MB")
	r = httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(strings.Repeat(`a`, 6_200_000)))
	r.Header.Set("Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, do(h, r).Code)

	w = do(h, httptest.NewRequest(http.MethodPost, "/x", bytes.NewReader(make([]byte, gateway.MaxBodyBytes+1))))
	requireRefused(t, w, http.StatusRequestEntityTooLarge, "API Gateway takes (10485760 bytes)")
	r = httptest.NewRequest(http.MethodPost, "/x", broken{})
	r.ContentLength = gateway.MaxBodyBytes + 1 // which is enough to know
	requireRefused(t, do(h, r), http.StatusRequestEntityTooLarge, "API Gateway takes (10485760 bytes)")
	r = httptest.NewRequest(http.MethodPost, "/x", endless{})
	require.EqualValues(t, -1, r.ContentLength)
	requireRefused(t, do(h, r), http.StatusRequestEntityTooLarge, "API Gateway takes (10485760 bytes)")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestBodyThatEndsEarly(t *testing.T) {
	h, _ := capture(t)
	requireRefused(t, do(h, httptest.NewRequest(http.MethodPost, "/x", broken{})), http.StatusBadRequest, "ended early")
}

func TestHeadLimit(t *testing.T) {
	h, _ := capture(t)
	head := func(n int) *http.Request {
		// "GET /x HTTP/1.1\r\n" "Host: example.com\r\n" "A: ...\r\n"
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.Header.Set("A", strings.Repeat("a", n-17-19-5))
		return r
	}
	require.Equal(t, http.StatusOK, do(h, head(gateway.MaxHeadBytes)).Code)
	requireRefused(t, do(h, head(gateway.MaxHeadBytes+1)), http.StatusRequestHeaderFieldsTooLarge, "of 10241 bytes")
	long := httptest.NewRequest(http.MethodGet, "/x?name="+strings.Repeat("a", gateway.MaxHeadBytes), nil)
	requireRefused(t, do(h, long), http.StatusRequestHeaderFieldsTooLarge, "API Gateway takes (10240)")
}

func TestResponses(t *testing.T) {
	for name, c := range map[string]struct {
		response response
		err      error
		status   int
		header   http.Header
		body     string
	}{
		"text": {
			response: response{
				StatusCode: 201, Body: "hi", Cookies: []string{"a=1", "b=2"},
				Headers:           map[string]string{"content-type": "text/x", "X-A": "1,2"},
				MultiValueHeaders: map[string][]string{"X-Ignored": {"1"}},
			},
			status: 201,
			header: http.Header{
				"Content-Type": {"text/x"}, "X-A": {"1,2"}, "Set-Cookie": {"a=1", "b=2"}, "Content-Length": {"2"},
			},
			body: "hi",
		},
		"binary": {
			response: response{StatusCode: 200, Body: "/wA=", IsBase64Encoded: true},
			status:   200,
			header:   http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"2"}},
			body:     "\xff\x00",
		},
		"empty": {response: response{StatusCode: 204}, status: 204, header: http.Header{}},
		"error": {
			err: errors.New("boom"), status: 500,
			header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"35"}},
			body:   `{"message":"Internal Server Error"}`,
		},
		"no status": {
			status: 500, header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"35"}},
			body: `{"message":"Internal Server Error"}`,
		},
		"not base64": {
			response: response{StatusCode: 200, Body: "?", IsBase64Encoded: true},
			status:   500, header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"35"}},
			body: `{"message":"Internal Server Error"}`,
		},
		"too large": {
			response: response{StatusCode: 200, Body: strings.Repeat("a", lambdahost.MaxPayloadBytes)},
			status:   500, header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"35"}},
			body: `{"message":"Internal Server Error"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := serveAll(t, func(context.Context, request) (response, error) { return c.response, c.err })
			w := do(h, httptest.NewRequest(http.MethodGet, "/x", nil))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.header, w.Header())
			require.Equal(t, c.body, w.Body.String())
		})
	}
}

func TestPanicOfAFunctionIsItsFailure(t *testing.T) {
	var logged bytes.Buffer
	h, err := gateway.New([]gateway.Route{{
		Key:      gateway.DefaultKey,
		Function: func(context.Context, request) (response, error) { panic("boom") },
	}}, gateway.Options{Logger: slog.New(slog.NewJSONHandler(&logged, nil))})
	require.NoError(t, err)
	w := do(h, httptest.NewRequest(http.MethodGet, "/x", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, logged.String(), `"err":"boom"`)
	require.Contains(t, logged.String(), "gateway_test.go")
}

func TestFunctionThatEndsItsGoroutine(t *testing.T) {
	h := serveAll(t, func(context.Context, request) (response, error) {
		runtime.Goexit() // as a test's FailNow does
		return response{StatusCode: 200}, nil
	})
	require.Equal(t, http.StatusInternalServerError, do(h, httptest.NewRequest(http.MethodGet, "/x", nil)).Code)
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		h := serveAll(t, func(ctx context.Context, _ request) (response, error) {
			<-ctx.Done()
			time.Sleep(time.Minute) // it does not care
			close(ended)
			return response{StatusCode: 200}, nil
		})
		start := time.Now()
		w := do(h, httptest.NewRequest(http.MethodGet, "/x", nil))
		require.Equal(t, gateway.Timeout, time.Since(start))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.JSONEq(t, `{"message":"Service Unavailable"}`, w.Body.String())
		<-ended
	})
}

func TestClientThatGoesAwayEndsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got error
		h := serveAll(t, func(ctx context.Context, _ request) (response, error) {
			<-ctx.Done()
			got = context.Cause(ctx)
			return response{StatusCode: 200}, nil
		})
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		do(h, httptest.NewRequest(http.MethodGet, "/x", nil).WithContext(ctx))
		require.ErrorIs(t, got, context.Canceled)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// The body of an event must not change when the buffer serves another request.
func TestBodiesAreNotShared(t *testing.T) {
	var all []request
	h := serveAll(t, func(_ context.Context, e request) (response, error) {
		all = append(all, e)
		return response{StatusCode: 200}, nil
	})
	for _, body := range []string{"first", "other"} {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "text/plain")
		do(h, r)
	}
	require.Equal(t, []string{"first", "other"}, []string{all[0].Body, all[1].Body})
	require.NotEqual(t, all[0].RequestContext.RequestID, all[1].RequestContext.RequestID)
}

func TestOverARealServer(t *testing.T) {
	h, got := capture(t)
	server := httptest.NewServer(h)
	defer server.Close()
	// net/http sends a body of unknown length in chunks.
	r, err := http.NewRequest(http.MethodPost, server.URL+"//ingest?name=a%7Bb%3Dc%7D&units=", io.MultiReader(strings.NewReader("abc")))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 200, answer.StatusCode)
	require.Equal(t, "//ingest", got.RawPath)
	require.Equal(t, "name=a%7Bb%3Dc%7D&units=", got.RawQueryString)
	require.Equal(t, "3", got.Headers["content-length"])
	require.NotContains(t, got.Headers, "transfer-encoding")
	require.Equal(t, "127.0.0.1", got.RequestContext.HTTP.SourceIP)
}

func BenchmarkPush(b *testing.B) {
	f := lambdahost.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/proto")
	}), lambdahost.Options{})
	h, err := gateway.New([]gateway.Route{{Key: "POST /push", Function: gateway.Function(f)}}, gateway.Options{})
	require.NoError(b, err)
	body := bytes.Repeat([]byte("0123456789abcde\xff"), 15_000/16)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/push", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/proto")
		if w := do(h, r); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
