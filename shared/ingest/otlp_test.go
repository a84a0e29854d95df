package ingest_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/otlp/otlptest"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

const (
	otlpPath = "/v1development/profiles"
	otlpGRPC = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"
	protobuf = "application/x-protobuf"
)

// otlpRequest has one profile for each time, whose resource stands in the
// dictionary, as of collectors from v0.164 on.
func otlpRequest(times ...time.Time) *profilespb.ProfilesData {
	d := otlptest.New()
	stack := d.Stack(d.Location(0, 0, "work"), d.Location(0, 0, "main"))
	thread := d.Attribute("thread.name", "worker")
	var profiles []*profilespb.Profile
	for _, t := range times {
		p := d.CPU(t, &profilespb.Sample{StackIndex: stack, Values: []int64{3}, AttributeIndices: []int32{thread}})
		if t.IsZero() {
			p.TimeUnixNano = 0
		}
		profiles = append(profiles, p)
	}
	return d.Request(d.Indexed("service.name", "shop", "k8s.pod.name", "shop-0"), profiles...)
}

func wire(t testing.TB, m proto.Message) string {
	body, err := proto.Marshal(m)
	require.NoError(t, err)
	return string(body)
}

func text(t testing.TB, m proto.Message) string {
	body, err := protojson.Marshal(m)
	require.NoError(t, err)
	return string(body)
}

func TestOTLP(t *testing.T) {
	r := otlpRequest(now.Add(-time.Second))
	for _, c := range []struct{ name, body, contentType, encoding string }{
		{"protobuf", wire(t, r), protobuf, ""},
		{"protobuf by its other name", wire(t, r), "application/protobuf", "identity"},
		{"protobuf in gzip, as the collector sends", zip(t, wire(t, r)), protobuf, "gzip"},
		{"JSON", text(t, r), "application/json", ""},
		{"JSON with charset", text(t, r), "application/json; charset=utf-8", ""},
		{"JSON in gzip", zip(t, text(t, r)), "application/json", "gzip"},
	} {
		for _, path := range []string{otlpPath, otlpGRPC, "/" + otlpPath} {
			b := newBench(t)
			w := b.do("POST", path, strings.NewReader(c.body), "Content-Type", c.contentType, "Content-Encoding", c.encoding)
			require.Equal(t, 200, w.Code, "%s: %s", c.name, w.Body)
			require.Equal(t, protobuf, w.Header().Get("Content-Type"))
			require.Empty(t, w.Body.String())
			got := b.received()
			require.Len(t, got, 1)
			require.Equal(t, profile.NewLabels("__name__", "process_cpu", "__otel__", "true", "service_name", "shop", "service.name", "shop",
				"k8s.pod.name", "shop-0", "scope.kind", "ebpf"), got[0].Labels)
			require.Equal(t, []string{"process_cpu:cpu:nanoseconds:cpu:nanoseconds"}, b.types())
			require.Equal(t, "main;work 30000000\n", stackstest.Lines(got[0].Profile))
			require.Equal(t, now.Add(-time.Second).UnixNano(), got[0].Profile.TimeNanos)
			series := got[0].Profile.SplitByLabels()
			require.Len(t, series, 1)
			require.Equal(t, []profile.Label{{Name: "thread.name", Value: "worker"}}, series[0].Labels)
		}
	}
}

func TestOTLPWithoutTimeIsOfNow(t *testing.T) {
	b := newBench(t)
	w := b.do("POST", otlpPath, strings.NewReader(wire(t, otlpRequest(time.Time{}))), "Content-Type", protobuf)
	require.Equal(t, 200, w.Code)
	require.Equal(t, now.UnixNano(), b.received()[0].Profile.TimeNanos)
}

func TestOTLPStatuses(t *testing.T) {
	good := wire(t, otlpRequest(now))
	nameless := otlpRequest(now)
	nameless.ResourceProfiles[0].ScopeProfiles[0].Profiles[0].PeriodType = nil
	headless := otlpRequest(now)
	headless.Dictionary = nil
	for _, c := range []struct {
		name, body, contentType, encoding string
		stored, status, code              int
		message                           string
	}{
		{"empty", "", protobuf, "", 0, 200, 0, ""},
		{"empty JSON", "{}", "application/json", "", 0, 200, 0, ""},
		{"no profiles", wire(t, otlpRequest()), protobuf, "", 0, 200, 0, ""},
		{"garbage", "hello", protobuf, "", 0, 400, 3, "malformed OTLP request"},
		{"no JSON", "", "application/json", "", 0, 400, 3, "malformed OTLP request"},
		{"JSON garbage", "hello", "application/json", "", 0, 400, 3, "malformed OTLP request"},
		{"unknown encoding", good, protobuf, "zstd", 0, 400, 3, `"zstd" is not known`},
		{"no gzip", good, protobuf, "gzip", 0, 400, 3, "unpack gzip"},
		{"no dictionary", wire(t, headless), protobuf, "", 0, 400, 3, "no dictionary"},
		{"no name", wire(t, nameless), protobuf, "", 0, 400, 3, "__name__ is missing"},
		{"old", wire(t, otlpRequest(now.Add(-2*time.Hour))), protobuf, "", 0, 400, 3, "time window"},
		{"one of two is old", wire(t, otlpRequest(now.Add(-2*time.Hour), now)), protobuf, "", 1, 400, 3, "1 of 2 profiles refused"},
		{"one of two is old, JSON", text(t, otlpRequest(now.Add(-2*time.Hour), now)), "application/json", "", 1, 400, 3, "1 of 2 profiles refused"},
		{"time beyond all bounds", wire(t, otlpRequest(time.Unix(-1, 0))), protobuf, "", 0, 400, 3, "time window"},
		{"too large", strings.Repeat("x", 1<<20+1), protobuf, "", 0, 413, 3, "larger than"},
		{"bomb", zip(t, strings.Repeat("x", 1<<20+1)), protobuf, "gzip", 0, 413, 3, "larger than"},
		{"too many messages", zip(t, strings.Repeat("\x0a\x00", 1<<20+1)), protobuf, "gzip", 0, 413, 3, "larger than"},
	} {
		b := newBench(t, func(s *ingest.Settings) { s.MaxBodyBytes = 1 << 20 })
		w := b.do("POST", otlpPath, strings.NewReader(c.body), "Content-Type", c.contentType, "Content-Encoding", c.encoding)
		require.Equal(t, c.status, w.Code, "%s: %s", c.name, w.Body)
		require.Len(t, b.received(), c.stored, c.name)
		if c.status == 200 {
			require.Empty(t, w.Body.String())
			continue
		}
		code, message := otlpStatus(t, w)
		require.Equal(t, c.code, code, c.name)
		require.Contains(t, message, c.message, c.name)
	}
}

// otlpStatus reads a google.rpc.Status in the encoding that the answer says.
func otlpStatus(t *testing.T, w *httptest.ResponseRecorder) (code int, message string) {
	if w.Header().Get("Content-Type") == "application/json" {
		var status struct {
			Code    int
			Message string
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &status))
		return status.Code, status.Message
	}
	require.Equal(t, protobuf, w.Header().Get("Content-Type"))
	b := w.Body.Bytes()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		b = b[n:]
		if kind == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			require.EqualValues(t, 1, number)
			code, b = int(v), b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		require.EqualValues(t, 2, number)
		message, b = string(v), b[n:]
	}
	return code, message
}

func TestOTLPTransport(t *testing.T) {
	b := newBench(t, multitenant)
	good := wire(t, otlpRequest(now))
	w := b.do("POST", otlpPath, strings.NewReader(good), "Content-Type", protobuf)
	require.Equal(t, 401, w.Code)
	code, message := otlpStatus(t, w)
	require.Equal(t, 16, code)
	require.Equal(t, "no org id", message)

	require.Equal(t, 404, b.do("POST", "/v1/profiles", strings.NewReader(good), "Content-Type", protobuf).Code)
	require.Equal(t, "POST", b.do("GET", otlpPath, nil).Header().Get("Allow"))
	for _, contentType := range []string{"", ";", "text/plain", "application/proto"} {
		w = b.do("POST", otlpPath, strings.NewReader(good), "Content-Type", contentType)
		require.Equal(t, 415, w.Code, contentType)
		require.Contains(t, w.Body.String(), protobuf)
	}
	w = b.do("POST", otlpPath, iotest.ErrReader(errors.New("secret")), "Content-Type", protobuf, "X-Scope-OrgID", "acme")
	require.Equal(t, 408, w.Code)
	require.NotContains(t, w.Body.String(), "secret")
	require.Empty(t, b.queue.sent)

	w = b.do("POST", otlpPath, strings.NewReader(good), "Content-Type", protobuf, "X-Scope-OrgID", "acme")
	require.Equal(t, 200, w.Code)
	require.Equal(t, profile.TenantID("acme"), b.received()[0].Tenant)
}

// A gRPC client is told what to use, in the way of gRPC.
func TestOTLPByGRPC(t *testing.T) {
	b := newBench(t)
	for _, contentType := range []string{"application/grpc", "application/grpc+proto"} {
		w := b.do("POST", otlpGRPC, strings.NewReader("\x00\x00\x00\x00\x00"), "Content-Type", contentType)
		require.Equal(t, 200, w.Code)
		require.Equal(t, "application/grpc", w.Header().Get("Content-Type"))
		require.Equal(t, "12", w.Header().Get("Grpc-Status"))
		require.Contains(t, w.Header().Get("Grpc-Message"), "otlphttp")
		require.Empty(t, w.Body.String())
	}
	w := b.do("POST", otlpGRPC, nil, "Content-Type", "application/grpc-web+proto")
	require.Equal(t, 415, w.Code)
	require.Contains(t, w.Body.String(), "otlphttp")
}

// The collector drops what is answered with 500, and sends again after 503.
func TestOTLPThatCannotBeStored(t *testing.T) {
	b := newBench(t)
	b.queue.fault = func(queue.Message) (bool, error) { return false, errors.New("secret") }
	w := b.do("POST", otlpPath, strings.NewReader(wire(t, otlpRequest(now))), "Content-Type", protobuf)
	require.Equal(t, 503, w.Code)
	code, message := otlpStatus(t, w)
	require.Equal(t, 14, code)
	require.NotContains(t, message, "secret")
}

func FuzzOTLP(f *testing.F) {
	r := otlpRequest(now)
	f.Add([]byte(wire(f, r)), false)
	f.Add([]byte(text(f, r)), true)
	b := fuzzBench(f)
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		contentType := protobuf
		if asJSON {
			contentType = "application/json"
		}
		b.fuzzed(t, otlpPath, contentType, body)
	})
}
