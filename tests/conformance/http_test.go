package conformance

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// request is one over plain HTTP, and what comes back.
type request struct {
	says, method, path string
	query              []string // names and values
	contentType, body  string
	header             []string
	status             int
	// want is as in a rule, of the body.
	want string
}

func get(says, path, want string, query ...string) request {
	return request{says: says, method: http.MethodGet, path: path, query: query, status: http.StatusOK, want: want}
}

// refused is a GET that is answered with a status other than 200.
func refused(says, path string, status int, want string, query ...string) request {
	r := get(says, path, want, query...)
	r.status = status
	return r
}

// send sends it, and checks the answer.
func (r request) send(t *testing.T, base string) http.Header {
	values := url.Values{}
	for i := 0; i+1 < len(r.query); i += 2 {
		values.Add(r.query[i], expand(r.query[i+1]))
	}
	target := base + r.path
	if len(values) > 0 {
		target += "?" + values.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, target, strings.NewReader(expand(r.body)))
	require.NoError(t, err)
	req.Header = rule{header: r.header}.headers()
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // redirects are answers
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, r.status, res.StatusCode, "%s", body)
	switch {
	case strings.HasPrefix(r.want, "="):
		golden(t, r.want[1:], string(body))
	case strings.HasPrefix(r.want, "~"):
		require.Contains(t, compact(body), expand(r.want[1:]))
	case r.want != "":
		require.Equal(t, expand(r.want), compact(body))
	}
	return res.Header
}

func checkRequests(t *testing.T, all []request) {
	for server, url := range servers(t, newWorld(t)) {
		for _, r := range all {
			t.Run(server+"/"+r.says, func(t *testing.T) { r.send(t, url) })
		}
	}
}

// seconds is a rendered time of base.
const seconds = "1750000000"

// TestOlderHTTP has the older interface (2.4).
func TestOlderHTTP(t *testing.T) {
	const render, diff, values = "/pyroscope/render", "/pyroscope/render-diff", "/pyroscope/label-values"
	times := []string{"from", seconds, "until", "1750000060"}
	q := func(more ...string) []string { return append([]string{"query", "CPU{}"}, append(times, more...)...) }
	both := []string{
		"leftQuery", `CPU{service_name="checkout"}`, "leftFrom", seconds, "leftUntil", "1750000060",
		"rightQuery", `CPU{service_name="cart"}`, "rightFrom", seconds, "rightUntil", "1750000060",
	}
	checkRequests(t, []request{
		get("render", render, "=render", q()...),
		get("render by groups", render, "=render-groups", q("groupBy", "service_name")...),
		get("render by two groups", render, `~"cart,c"`, q("groupBy", "service_name", "groupBy", "pod")...),
		get("render, cut", render, "=render-cut", q("max-nodes", "3")...),
		get("render, cut, by the other name", render, "=render-cut", q("maxNodes", "3")...),
		get("render an average", render, "=render-average", q("aggregation", "avg")...),
		get("render a sum", render, "=render", q("aggregation", "sum")...),
		get("render JSON", render, "=render", q("format", "json")...),
		get("render a graph", render, "~digraph", q("format", "dot")...),
		get("render bytes", render, `~"units":"bytes"`, append([]string{"query", "MEM{}"}, times...)...),
		get("render a type alone", render, `~"numTicks":7999`, append([]string{"query", "CPU"}, times...)...),
		get("render times in milliseconds", render, `~"numTicks":900`, "query", "CPU{}", "from", "1750000000000", "until", "1750000000000"),
		get("render relative times", render, `~"numTicks":8629`, "query", "CPU{}", "from", "now-11m", "until", "now"),
		get("render the last hour", render, `~"numTicks":8629`, "query", "CPU{}"),
		get("render nothing", render, "=render-empty", append([]string{"query", `CPU{pod="none"}`}, times...)...),
		refused("render without a query", render, 400, `~"code":"invalid_argument"`),
		refused("render a wrong type", render, 400, `~"code":"invalid_argument"`, "query", "cpu{}"),
		refused("render a wrong selector", render, 400, `~"code":"invalid_argument"`, "query", "CPU{a=}"),
		refused("render too many nodes", render, 400, `~"code":"invalid_argument"`, q("max-nodes", "1048577")...),
		refused("render an end before the start", render, 400, `~"code":"invalid_argument"`, "query", "CPU{}", "from", "now", "until", "now-1h"),
		get("render a difference", diff, "=render-diff", both...),
		get("render a difference, cut", diff, `~"other"`, append(both, "max-nodes", "2")...),
		refused("render half a difference", diff, 400, `~"code":"invalid_argument"`, both[:6]...),
		get("label values are profile types", values, `["memory:inuse_objects:count:space:bytes","MEM","CPU","process_cpu:samples:count:cpu:nanoseconds"]`, "label", "__name__"),
		refused("label values of another label", values, 400, `~"code":"invalid_argument"`, "label", "pod"),
		refused("label values of none", values, 400, `~"code":"invalid_argument"`),
		refused("/pyroscope/labels", "/pyroscope/labels", 404, ""),
		refused("/render", "/render", 404, ""),
		refused("/labels", "/labels", 404, ""),
		refused("/label-values", "/label-values", 404, ""),
		refused("/api/v1/profiles", "/api/v1/profiles", 404, ""),
		{says: "render by POST", method: http.MethodPost, path: render, status: 405},
	})
}

// TestTenantsOverHTTP: what is no tenant is a bad request here, and
// unauthenticated elsewhere (3).
func TestTenantsOverHTTP(t *testing.T) {
	as := func(r request, tenant string) request {
		r.says += " as " + tenant
		r.header = []string{"X-Scope-OrgID", tenant}
		return r
	}
	query := []string{"query", "CPU{}", "from", seconds, "until", "1750000060"}
	checkRequests(t, []request{
		as(get("render", "/pyroscope/render", `~"numTicks":1000000`, query...), "beta"),
		as(get("render", "/pyroscope/render", `~"numTicks":1007999`, query...), "beta|acme"),
		as(refused("render", "/pyroscope/render", 401, `{"code":"unauthenticated","message":"no org id"}`, query...), ""),
		as(refused("render", "/pyroscope/render", 400, `~"code":"invalid_argument"`, query...), "a b"),
		as(refused("label values", "/pyroscope/label-values", 400, `~"code":"invalid_argument"`, "label", "__name__"), "a b"),
		as(get("ready", "/ready", "ready"), ""),
		as(get("build info", "/api/v1/status/buildinfo", `~{"status":"success","data":{"version":`), ""),
	})
}

// TestTransport has the rules of all calls (0).
func TestTransport(t *testing.T) {
	const querier = "/querier.v1.QuerierService/"
	post := func(says, method, contentType, body string, status int, want string, header ...string) request {
		return request{says: says, method: http.MethodPost, path: querier + method, contentType: contentType, body: body, header: header, status: status, want: want}
	}
	const names = `{"start":@0,"end":"@60000"}`
	path := func(r request, path string) request { r.path = path; return r }
	checkRequests(t, []request{
		post("numbers of 64 bits are numbers or strings", "LabelValues", "application/json", `{"name":"pod","start":@0,"end":"@60000"}`, 200, `{"names":["a","b","c"]}`),
		post("numbers of 64 bits are whole", "LabelNames", "application/json", `{"start":1.5,"end":2}`, 400, `~invalid_argument`),
		post("JSON may name its characters", "LabelNames", "application/json; charset=utf-8", names, 200, ""),
		post("unknown fields are nothing", "GetProfileStats", "application/json", `{"newer":[1]}`, 200, ""),
		post("a format of later times, by name", "SelectMergeStacktraces", "application/json", in("0", "60000", `"labelSelector":"{}"`, `"format":"PROFILE_FORMAT_FUNCTIONS"`), 200, `~"total":"7999"`),
		post("a filter of later times", "SelectMergeStacktraces", "application/json", in("0", "60000", `"labelSelector":"{}"`, `"stackTraceSelector":{"frameFilter":{"a":1}}`), 200, `~"total":"7999"`),
		post("an empty body is no JSON", "GetProfileStats", "application/json", "", 400, `~invalid_argument`),
		post("an empty body is a message", "GetProfileStats", "application/proto", "", 200, ""),
		post("what is no message", "LabelNames", "application/proto", "\xff\xff", 400, `~invalid_argument`),
		post("x-protobuf is no type", "LabelNames", "application/x-protobuf", "", 415, ""),
		post("no type", "LabelNames", "", "", 415, ""),
		post("no such method", "Nothing", "application/json", `{}`, 404, ""),
		path(post("no such service", "", "application/json", `{}`, 404, ""), "/query.v1.QueryFrontendService/Query"),
		path(post("no recording rules", "", "application/json", `{}`, 404, ""), "/settings.v1.RecordingRulesService/ListRecordingRules"),
		path(post("symbols are not wanted", "", "application/json", `{}`, 200, ""), "/debuginfo.v1alpha1.DebuginfoService/ShouldInitiateUpload"),
		{says: "GET", method: http.MethodGet, path: querier + "LabelNames", status: 405},
		{says: "no CORS", method: http.MethodOptions, path: querier + "LabelNames", status: 405},
		{says: "HEAD", method: http.MethodHead, path: querier + "LabelNames", status: 405},
		post("another version of Connect", "GetProfileStats", "application/json", `{}`, 400, "~invalid_argument", "Connect-Protocol-Version", "2"),
		post("the version of Connect", "GetProfileStats", "application/json", `{}`, 200, "", "Connect-Protocol-Version", "1"),
		post("a time to answer in", "GetProfileStats", "application/json", `{}`, 200, "", "Connect-Timeout-Ms", "9999"),
		post("a time that is no number", "GetProfileStats", "application/json", `{}`, 400, "~invalid_argument", "Connect-Timeout-Ms", "soon"),
		post("another compression", "GetProfileStats", "application/json", `{}`, 501, "~unimplemented", "Content-Encoding", "br"),
		post("errors have a code and a message", "LabelNames", "application/json", `{}`, 400, `{"code":"invalid_argument","message":"missing time range in the query"}`),
		// Of clients whose URL ends in a slash. Pyroscope redirects them.
		path(post("a doubled slash", "", "application/json", `{}`, 404, ""), "/"+querier+"GetProfileStats"),
		get("ready with a doubled slash", "//ready", "ready"),
		{says: "ready with a doubled slash by POST", method: http.MethodPost, path: "//ready", status: 404},
		{says: "ready by POST", method: http.MethodPost, path: "/ready", status: 405},
		get("ready", "/ready", "ready"),
		{says: "ready by HEAD; Pyroscope refuses it", method: http.MethodHead, path: "/ready", status: 200},
		get("build info", "/api/v1/status/buildinfo", `~"goVersion"`),
		refused("no page of status", "/api/v1/status/config", 404, ""),
		refused("no metrics", "/metrics", 404, ""),
		refused("no ring", "/ring", 404, ""),
		refused("no page of admins", "/admin", 404, ""),
	})
}

// TestCompression: an answer is compressed if the client takes that.
func TestCompression(t *testing.T) {
	url := newWorld(t).serve(t, multitenancy)
	for _, path := range []string{"/querier.v1.QuerierService/ProfileTypes", "/pyroscope/label-values?label=__name__"} {
		method, body := http.MethodGet, ""
		if strings.HasSuffix(path, "ProfileTypes") {
			method, body = http.MethodPost, `{}`
		}
		for accept, encoding := range map[string]string{"gzip": "gzip", "": "", "br": ""} {
			req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
			require.NoError(t, err)
			req.Header = http.Header{"X-Scope-Orgid": {"acme"}, "Content-Type": {"application/json"}, "Accept-Encoding": {accept}}
			res, err := http.DefaultTransport.RoundTrip(req)
			require.NoError(t, err)
			raw, err := io.ReadAll(res.Body)
			require.NoError(t, res.Body.Close())
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.StatusCode, "%s", raw)
			require.Equal(t, encoding, res.Header.Get("Content-Encoding"), "%s %s", path, accept)
			if encoding != "" {
				z, err := gzip.NewReader(bytes.NewReader(raw))
				require.NoError(t, err)
				raw, err = io.ReadAll(z)
				require.NoError(t, err)
			}
			require.Contains(t, string(raw), cpuID, path)
		}
	}
}
