package ingest_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const pushPath = "/push.v1.PusherService/Push"

// series is a series of a Push request with labels given in pairs.
func series(profiles [][]byte, labels ...string) *pushv1.RawProfileSeries {
	s := &pushv1.RawProfileSeries{}
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, &typesv1.LabelPair{Name: labels[i], Value: labels[i+1]})
	}
	for _, p := range profiles {
		s.Samples = append(s.Samples, &pushv1.RawSample{RawProfile: p})
	}
	return s
}

func request(all ...*pushv1.RawProfileSeries) *pushv1.PushRequest {
	return &pushv1.PushRequest{Series: all}
}

func raw(profiles ...[]byte) [][]byte { return profiles }

// push sends a request as Alloy does and returns status, code and message.
func (b *bench) push(req *pushv1.PushRequest, headers ...string) (int, string, string) {
	body, err := proto.Marshal(req)
	require.NoError(b.t, err)
	w := b.do("POST", pushPath, bytes.NewReader(body), append([]string{"Content-Type", "application/proto", "Connect-Protocol-Version", "1"}, headers...)...)
	code, message := errorBody(b.t, w)
	return w.Code, code, message
}

// errorBody reads the answer of a request that may have failed.
func errorBody(t testing.TB, w *httptest.ResponseRecorder) (code, message string) {
	if w.Code == 200 {
		return "", ""
	}
	var body struct{ Code, Message string }
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), "%s", w.Body)
	return body.Code, body.Message
}

func TestPush(t *testing.T) {
	b := newBench(t)
	p := cpu(now.Add(-time.Minute), 3)
	status, _, _ := b.push(request(series(raw(gz(t, p)), "service_name", "api", "__name__", "process_cpu", "__delta__", "false",
		"__session_id__", "1", "__order__", "2", "otel.scope.name", "x", "pod", "a b/ü")))
	require.Equal(t, 200, status)
	got := b.received()
	require.Len(t, got, 1)
	want := profile.NewLabels("__name__", "process_cpu", "otel.scope.name", "x", "pod", "a b/ü", "service_name", "api")
	require.Equal(t, want, got[0].Labels)
	require.Equal(t, profile.AnonymousTenant, got[0].Tenant)
	require.Equal(t, now.UnixMilli(), got[0].ReceivedAt)
	require.Equal(t, p.TimeNanos, got[0].Profile.TimeNanos)
	require.Equal(t, []int64{3, 3e7}, got[0].Profile.Values)
	require.Equal(t, got[0].ID.String(), got[0].DedupID)
	require.Equal(t, profile.PushID("anonymous", want, p.TimeNanos, got[0].Plain), got[0].ID)
	require.Regexp(t, "^[0-9a-f]{16}$", got[0].Group)
	require.Empty(t, b.log.String(), "nothing to say of what went well")
}

// pushCase is a request and what is to become of it.
type pushCase struct {
	name    string
	req     *pushv1.PushRequest
	stored  int
	message string // part of it; "" for success
}

func (c pushCase) run(t *testing.T) {
	b := newBench(t)
	status, code, message := b.push(c.req)
	require.Len(t, b.received(), c.stored)
	if c.message == "" {
		require.Equal(t, 200, status, message)
		return
	}
	require.Equal(t, 400, status)
	require.Equal(t, "invalid_argument", code)
	require.Contains(t, message, c.message)
}

var good = []string{"__name__", "process_cpu", "service_name", "api"}

// with returns good labels and more.
func with(labels ...string) []string { return append(append([]string{}, good...), labels...) }

// many returns n good labels.
func many(n int) []string {
	out := with()
	for i := range n - 2 {
		out = append(out, "l"+strings.Repeat("x", i), "v")
	}
	return out
}

func one(profile []byte, labels ...string) *pushv1.PushRequest {
	return request(series(raw(profile), labels...))
}

func TestPushStatuses(t *testing.T) {
	ok := gz(t, cpu(now, 1))
	dash := func(p *gprofile.Profile) { p.SampleType[0].Type = "a-b" }
	nothing := func(p *gprofile.Profile) { p.Sample[0].Value = []int64{0, 0} }
	for _, c := range []pushCase{
		{"gzip", one(ok, good...), 1, ""},
		{"plain", one(plain(t, cpu(now, 1)), good...), 1, ""},
		{"several samples", request(series(raw(ok, gz(t, cpu(now, 2)), gz(t, cpu(now, 3))), good...)), 3, ""},
		{"a series without samples among others", request(series(nil, good...), series(raw(ok), good...)), 1, ""},
		{"nothing left", one(gz(t, cpu(now, 1, nothing)), good...), 0, ""},
		{"no series", request(), 0, "no profiles received"},
		{"no samples", request(series(nil, good...)), 0, "no profiles received"},
		{"empty profile", one(nil, good...), 0, "malformed"},
		{"not a pprof", one([]byte("hello"), good...), 0, "malformed"},
		{"half a gzip", one(ok[:len(ok)/2], good...), 0, "malformed"},
		{"dash in a sample type", one(gz(t, cpu(now, 1, dash)), good...), 0, "a-b"},
		{"too many samples", one(gz(t, large(now, 16000)), good...), 0, "limit MaxSamples is 16000"},
		{"an hour old", one(gz(t, cpu(now.Add(-time.Hour), 1)), good...), 1, ""},
		{"too old", one(gz(t, cpu(now.Add(-time.Hour-1), 1)), good...), 0, "taken at 2026-09-14T11:29:59Z, accepted is what was taken from 2026-09-14T11:30:00Z to 2026-09-14T12:40:00Z"},
		{"ten minutes ahead", one(gz(t, cpu(now.Add(10*time.Minute), 1)), good...), 1, ""},
		{"too far ahead", one(gz(t, cpu(now.Add(10*time.Minute+1), 1)), good...), 0, "time window"},
		{"no time", one(gz(t, cpu(time.Time{}, 1)), good...), 1, ""},
	} {
		t.Run(c.name, c.run)
	}
}

func TestPushStatusesOfLabels(t *testing.T) {
	ok := gz(t, cpu(now, 1))
	labelled := func(name string, n int) func(*gprofile.Profile) {
		return func(p *gprofile.Profile) { p.Sample[0].Label = map[string][]string{name: {strings.Repeat("v", n)}} }
	}
	for _, c := range []pushCase{
		{"no service", one(ok, "__name__", "process_cpu"), 1, ""},
		{"empty service", one(ok, "__name__", "process_cpu", "service_name", ""), 0, "service_name is empty"},
		{"no name", one(ok, "service_name", "api"), 0, "__name__ is missing"},
		{"colon in the name", one(ok, "service_name", "api", "__name__", "a:b"), 0, "colon"},
		{"repeated label", one(ok, with("pod", "a", "pod", "b")...), 0, `label "pod" is there more than once`},
		{"repeated label that is dropped", one(ok, with("__delta__", "a", "__delta__", "b")...), 1, ""},
		{"label without a name", one(ok, with("", "a")...), 0, "no name"},
		{"thirty labels", one(ok, many(30)...), 1, ""},
		{"too many labels", one(ok, many(31)...), 0, "31 of them, more than 30"},
		{"longest name", one(ok, with(strings.Repeat("n", 1024), "v")...), 1, ""},
		{"name too long", one(ok, with(strings.Repeat("n", 1025), "v")...), 0, "1025 bytes, more than 1024"},
		{"longest value", one(ok, with("n", strings.Repeat("v", 2048))...), 1, ""},
		{"value too long", one(ok, with("n", strings.Repeat("v", 2049))...), 0, "2049 bytes, more than 2048"},
		{"label of a sample", one(gz(t, cpu(now, 1, labelled("path", 2048))), good...), 1, ""},
		{"label of a sample too long", one(gz(t, cpu(now, 1, labelled("path", 2049))), good...), 0, `value of label "path"`},
		{"label of a sample that the series has", one(gz(t, cpu(now, 1, labelled("service_name", 2049))), good...), 1, ""},
		{"label of a sample too many", one(gz(t, cpu(now, 1, labelled("path", 1))), many(30)...), 0, "31, more than 30"},
	} {
		t.Run(c.name, c.run)
	}
}

func TestTenants(t *testing.T) {
	for _, c := range []struct {
		header []string
		tenant profile.TenantID
		status int
		code   string
	}{
		{[]string{"X-Scope-OrgID", "acme"}, "acme", 200, ""},
		{nil, "", 401, "unauthenticated"},
		{[]string{"X-Scope-OrgID", "a|b"}, "", 401, "unauthenticated"},
		{[]string{"X-Scope-OrgID", "a/b"}, "", 401, "unauthenticated"},
		{[]string{"X-Scope-OrgID", "|"}, "", 400, "invalid_argument"},
	} {
		pushed := newBench(t, multitenant)
		status, code, _ := pushed.push(request(series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu")), c.header...)
		require.Equal(t, c.status, status)
		require.Equal(t, c.code, code)

		ingested := newBench(t, multitenant)
		w := ingested.do("POST", "/ingest?name=app&format=pprof", bytes.NewReader(gz(t, cpu(now, 1))), c.header...)
		code, _ = errorBody(t, w)
		require.Equal(t, c.status, w.Code)
		require.Equal(t, c.code, code)

		for _, b := range []*bench{pushed, ingested} {
			if c.tenant == "" {
				require.Empty(t, b.queue.sent)
				continue
			}
			require.Equal(t, c.tenant, b.received()[0].Tenant)
		}
	}
	b := newBench(t)
	_, _, _ = b.push(request(series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu")), "X-Scope-OrgID", "acme")
	require.Equal(t, profile.AnonymousTenant, b.received()[0].Tenant, "off: the header is ignored")
}

func TestGodeltaprofNamesAreRelabelled(t *testing.T) {
	for sent, want := range map[string]profile.Labels{
		"godeltaprof_memory": profile.NewLabels("__name__", "memory", "__name_replaced__", "godeltaprof_memory", "service_name", "api"),
		"godeltaprof_":       profile.NewLabels("__name__", "godeltaprof_", "service_name", "api"),
		"my_godeltaprof_x":   profile.NewLabels("__name__", "my_godeltaprof_x", "service_name", "api"),
	} {
		b := newBench(t)
		status, _, message := b.push(request(series(raw(gz(t, cpu(now, 1))), "__name__", sent, "service_name", "api")))
		require.Equal(t, 200, status, message)
		require.Equal(t, want, b.received()[0].Labels)
	}
}

func TestDerivedLabelsCannotBePushed(t *testing.T) {
	b := newBench(t)
	status, _, _ := b.push(request(series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu", "service_name", "api", "__type__", "x",
		"__unit__", "x", "__period_type__", "x", "__period_unit__", "x", "__profile_type__", "x", "__service_name__", "x", "__otel__", "true")))
	require.Equal(t, 200, status)
	require.Equal(t, profile.NewLabels("__name__", "process_cpu", "__otel__", "true", "service_name", "api"), b.received()[0].Labels)
}
