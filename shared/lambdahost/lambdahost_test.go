package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

var update = flag.Bool("update", false, "write the golden files anew")

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

// post is a minimal event.
func post(path, body string) request {
	e := request{RawPath: path, Body: body, Headers: map[string]string{}}
	e.RequestContext.HTTP.Method = http.MethodPost
	e.RequestContext.RequestID = "gateway-id"
	return e
}

func call(t *testing.T, h http.HandlerFunc, o lambdahost.Options, e request) response {
	t.Helper()
	r, err := lambdahost.HTTP(h, o)(context.Background(), e)
	require.NoError(t, err)
	return r
}

// dump writes down everything of a request that a handler may look at.
func dump(r *http.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\n", r.Method, r.RequestURI, r.Proto)
	fmt.Fprintf(&b, "path %q raw path %q query %q\n", r.URL.Path, r.URL.RawPath, r.URL.RawQuery)
	fmt.Fprintf(&b, "host %q remote %q length %d\n", r.Host, r.RemoteAddr, r.ContentLength)
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "header %s: %q\n", name, r.Header[name])
	}
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(&b, "body %q %v\n", body, err)
	for _, cookie := range r.Cookies() {
		fmt.Fprintf(&b, "cookie %s\n", cookie)
	}
	query := r.URL.Query()
	fmt.Fprintf(&b, "name %q, units given: %v\n", query.Get("name"), query.Has("units"))
	return b.String()
}

func TestRequestsGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.event.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var e request
			require.NoError(t, json.Unmarshal(data, &e))
			var got string
			call(t, func(_ http.ResponseWriter, r *http.Request) { got = dump(r) }, lambdahost.Options{}, e)

			golden := strings.TrimSuffix(file, ".event.json") + ".golden.txt"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ raw, path, rawPath string }{
		{"/ingest", "/ingest", ""},
		{"//ingest", "/ingest", ""},
		{"///a//b/", "/a/b/", ""},
		{"", "/", ""},
		{"ingest", "/ingest", ""},
		{"/a%20b", "/a b", ""},
		{"/a%2Fb", "/a/b", "/a%2Fb"},
		{"/100%", "/100%", ""}, // a gateway that decodes has it so
		{"/ü", "/ü", "/ü"},
	} {
		call(t, func(_ http.ResponseWriter, r *http.Request) {
			require.Equal(t, c.path, r.URL.Path, c.raw)
			require.Equal(t, c.rawPath, r.URL.RawPath, c.raw)
		}, lambdahost.Options{}, post(c.raw, ""))
	}
}

func TestQueryIsUntouched(t *testing.T) {
	for _, query := range []string{"", "a", "a=&b", "name=a{b=c,d:e}", "%zz&;", "a=1&a=2"} {
		e := post("/x", "")
		e.RawQueryString = query
		call(t, func(_ http.ResponseWriter, r *http.Request) {
			require.Equal(t, query, r.URL.RawQuery)
		}, lambdahost.Options{}, e)
	}
}

func requireError(t *testing.T, r response, status int, code, message string) {
	t.Helper()
	require.Equal(t, status, r.StatusCode)
	require.Equal(t, "application/json", r.Headers["Content-Type"])
	var got struct{ Code, Message string }
	require.NoError(t, json.Unmarshal([]byte(r.Body), &got))
	require.Equal(t, code, got.Code)
	require.Contains(t, got.Message, message)
}

func TestBadEventsAreTheCallersFault(t *testing.T) {
	never := func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }
	e := post("/x", "not base64!")
	e.IsBase64Encoded = true
	requireError(t, call(t, never, lambdahost.Options{}, e), 400, "invalid_argument", "decode the event's body")

	e = post("/x", "\x1f\uFFFD\b")
	e.Headers["content-encoding"] = "gzip"
	requireError(t, call(t, never, lambdahost.Options{}, e), 400, "invalid_argument", "damaged on its way")
}

func TestResponses(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		method  string
		want    response
	}{
		"nothing": {
			handler: func(http.ResponseWriter, *http.Request) {},
			want:    response{StatusCode: 200, Headers: map[string]string{}},
		},
		"json": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				w.Header().Set("Content-Length", "2")
				w.WriteHeader(http.StatusTeapot)
				w.Header().Set("Too", "late")
				w.WriteHeader(http.StatusOK) // too late as well
				_, _ = io.WriteString(w, "{}")
			},
			want: response{
				StatusCode: 418, Headers: map[string]string{"Content-Type": "application/json; charset=utf-8"}, Body: "{}",
			},
		},
		"text of no type": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") },
			want: response{
				StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, Body: "hi",
			},
		},
		"protobuf": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/proto")
				_, _ = io.WriteString(w, "hi")
			},
			want: response{
				StatusCode: 200, Headers: map[string]string{"Content-Type": "application/proto"},
				Body: "aGk=", IsBase64Encoded: true,
			},
		},
		"compressed JSON": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = io.WriteString(w, "hi")
			},
			want: response{
				StatusCode: 200,
				Headers:    map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"},
				Body:       "aGk=", IsBase64Encoded: true,
			},
		},
		"text that is none": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				_, _ = io.WriteString(w, "\xff")
			},
			want: response{
				StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "/w==", IsBase64Encoded: true,
			},
		},
		"several values": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Vary"] = []string{"A", "B"}
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
				http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusNoContent)
			},
			want: response{StatusCode: 204, Headers: map[string]string{"Vary": "A,B"}, Cookies: []string{"a=1", "b=2"}},
		},
		"HEAD": {
			method:  http.MethodHead,
			handler: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusNotFound) },
			want: response{StatusCode: 404, Headers: map[string]string{
				"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff",
			}},
		},
		"flushed": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				require.NoError(t, http.NewResponseController(w).Flush())
			},
			want: response{StatusCode: 200, Headers: map[string]string{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := post("/x", "")
			if c.method != "" {
				e.RequestContext.HTTP.Method = c.method
			}
			require.Equal(t, c.want, call(t, c.handler, lambdahost.Options{}, e))
		})
	}
}

func TestAnswersTooLargeForLambda(t *testing.T) {
	answer := func(contentType, body string) response {
		f := lambdahost.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}), lambdahost.Options{})
		e, err := json.Marshal(post("/render", ""))
		require.NoError(t, err)
		payload, err := lambda.NewHandler(f).Invoke(context.Background(), e) // as Lambda's runtime has it
		require.NoError(t, err)
		require.LessOrEqual(t, len(payload), lambdahost.MaxPayloadBytes)
		var r response
		require.NoError(t, json.Unmarshal(payload, &r))
		return r
	}
	large := strings.Repeat("a", lambdahost.MaxPayloadBytes-200)
	require.Equal(t, large, answer("application/json", large).Body)
	markup := strings.ReplaceAll(large, "a", "<") // which Lambda's runtime does not escape
	require.Equal(t, markup, answer("application/json", markup).Body)
	base64Limit := base64.StdEncoding.DecodedLen(lambdahost.MaxPayloadBytes - 204)
	require.Equal(t, 200, answer("application/proto", large[:base64Limit]).StatusCode)

	for _, r := range []response{
		answer("application/json", large+strings.Repeat("a", 200)),
		answer("application/json", strings.Repeat(`"`, lambdahost.MaxPayloadBytes/2)), // escaped
		answer("application/proto", large[:base64Limit+200]),
	} {
		requireError(t, r, 413, "resource_exhausted", "lower max_nodes")
	}
}

// lines decodes a log of JSON lines, without their times.
func lines(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	dec := json.NewDecoder(log)
	for dec.More() {
		var line map[string]any
		require.NoError(t, dec.Decode(&line))
		delete(line, "time")
		all = append(all, line)
	}
	return all
}

// clock advances by 250 ms each time it is looked at.
func clock() func() time.Time {
	at := time.UnixMilli(1_790_000_000_000)
	return func() time.Time {
		at = at.Add(250 * time.Millisecond)
		return at
	}
}

func TestWideLineAndMetrics(t *testing.T) {
	var log, metrics bytes.Buffer
	f := lambdahost.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "lambda-id", telemetry.RequestID(r.Context()))
		telemetry.SetTenant(r.Context(), "team-a")
		telemetry.Annotate(r.Context(), slog.Int(telemetry.KeyProfiles, 3))
		telemetry.MetricsFrom(r.Context()).Add(telemetry.MetricProfilesIn, 3)
		http.Error(w, "nope", http.StatusTooManyRequests)
	}), lambdahost.Options{
		Function: "ingest", Logger: telemetry.NewLogger(&log, slog.LevelInfo), Metrics: &metrics, Now: clock(),
	})
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "lambda-id"})
	e := post("/ingest", "abc")
	e.RawQueryString = "name=secret"
	for range 2 {
		_, err := f(ctx, e)
		require.NoError(t, err)
	}
	want := map[string]any{
		"level": "WARN", "msg": "request served", "function": "ingest", "request_id": "lambda-id",
		"method": "POST", "path": "/ingest", "status": 429.0, "bytes_in": 3.0, "bytes_out": 5.0,
		"tenant": "team-a", "profiles": 3.0, "duration_ms": 250.0, "cold_start": true,
	}
	got := lines(t, &log)
	require.Len(t, got, 2)
	require.Equal(t, want, got[0])
	delete(want, "cold_start")
	require.Equal(t, want, got[1])

	emf := lines(t, &metrics)
	require.Len(t, emf, 1, "the second is gathered")
	for key, value := range map[string]any{
		"function": "ingest", "request_id": "lambda-id", "tenant": "team-a", "ProfilesIn": 3.0, "BusyErrors": 1.0,
	} {
		require.Equal(t, value, emf[0][key], key)
	}
}

func TestLevelsAndClassesOfStatuses(t *testing.T) {
	for status, want := range map[int]struct{ level, metric string }{
		200: {"INFO", ""}, 404: {"INFO", "CallerErrors"}, 501: {"INFO", "CallerErrors"},
		429: {"WARN", "BusyErrors"}, 503: {"WARN", "BusyErrors"},
		500: {"ERROR", "ServerErrors"}, 504: {"ERROR", "ServerErrors"},
	} {
		var log, metrics bytes.Buffer
		call(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, lambdahost.Options{
			Logger: telemetry.NewLogger(&log, slog.LevelInfo), Metrics: &metrics,
		}, post("/x", ""))
		require.Equal(t, want.level, lines(t, &log)[0]["level"], status)
		emf := lines(t, &metrics)
		if want.metric == "" {
			require.Empty(t, emf)
			continue
		}
		for _, metric := range []string{"CallerErrors", "BusyErrors", "ServerErrors"} {
			require.Equal(t, metric == want.metric, emf[0][metric] != nil, "%d %s", status, metric)
		}
	}
}

func TestPanicIsAnsweredAndSurvived(t *testing.T) {
	var log bytes.Buffer
	o := lambdahost.Options{Logger: telemetry.NewLogger(&log, slog.LevelInfo)}
	r := call(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		panic("secret detail")
	}, o, post("/x", ""))
	requireError(t, r, 500, "internal", "request gateway-id")
	require.NotContains(t, r.Body, "secret")

	got := lines(t, &log)
	require.Len(t, got, 2)
	require.Equal(t, "handler panicked", got[0]["msg"])
	require.Equal(t, "secret detail", got[0]["err"])
	require.Contains(t, got[0]["stack"], "lambdahost_test.go")
	require.Equal(t, "gateway-id", got[0]["request_id"])
	require.Equal(t, 500.0, got[1]["status"])
}

func TestDeadlineIsCut(t *testing.T) {
	for margin, want := range map[time.Duration]time.Duration{0: lambdahost.DefaultMargin, time.Second: time.Second} {
		deadline := time.Now().Add(time.Hour)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		var inner context.Context
		f := lambdahost.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inner = r.Context()
			require.NoError(t, inner.Err())
			got, ok := inner.Deadline()
			require.True(t, ok)
			require.Equal(t, want, deadline.Sub(got))
		}), lambdahost.Options{Margin: margin})
		_, err := f(ctx, post("/x", ""))
		require.NoError(t, err)
		require.ErrorIs(t, inner.Err(), context.Canceled, "nothing of an invocation outlives it")
	}
}

// Two stacks in one region have functions of the same kind with other names.
func TestMetricsAreOfTheFunctionAsItIsDeployed(t *testing.T) {
	before := lambdacontext.FunctionName
	t.Cleanup(func() { lambdacontext.FunctionName = before })
	lambdacontext.FunctionName = "staging-ingest"
	var log, metrics bytes.Buffer
	call(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, lambdahost.Options{
		Function: "ingest", Logger: telemetry.NewLogger(&log, slog.LevelInfo), Metrics: &metrics,
	}, post("/ingest", "abc"))
	require.Equal(t, "staging-ingest", lines(t, &metrics)[0]["function"])
	require.Equal(t, "ingest", lines(t, &log)[0]["function"])
}
