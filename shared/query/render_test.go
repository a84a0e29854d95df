package query_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

// get asks the older interface with parameters given as names and values.
func (w *world) get(t *testing.T, path string, params ...string) (int, string) {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Add(params[i], params[i+1])
	}
	res, body := w.do(t, http.MethodGet, path+"?"+v.Encode(), "")
	if res.StatusCode == http.StatusOK && !strings.HasPrefix(body, "digraph") {
		require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	}
	return res.StatusCode, body
}

// at is a time as a parameter, by its distance from base in seconds.
func at(seconds int64) string { return fmt.Sprint(base/1000 + seconds) }

func TestRenderedForms(t *testing.T) {
	w := shop(t)
	checkout, cart := cpuID+`{service_name="checkout"}`, cpuID+`{service_name="cart",}`
	for _, c := range []struct {
		name, path string
		params     []string
	}{
		{"render", "/pyroscope/render", []string{"query", cpuID + "{}", "from", at(0), "until", at(60), "groupBy", "pod"}},
		{"render-average", "/pyroscope/render", []string{
			"query", checkout, "from", at(-15), "until", at(30), "aggregation", "avg", "max-nodes", "2", "groupBy", "service_name", "groupBy", "pod",
		}},
		{"render-diff", "/pyroscope/render-diff", []string{
			"leftQuery", checkout, "leftFrom", at(0), "leftUntil", at(60), "rightQuery", cart, "rightFrom", at(0), "rightUntil", at(60),
		}},
		{"render-empty", "/pyroscope/render", []string{"query", cpuID + `{pod="nobody"}`, "from", at(0), "until", at(30)}},
		{"render-label-values", "/pyroscope/label-values", []string{"label", "__name__"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := w.get(t, c.path, c.params...)
			require.Equal(t, http.StatusOK, status, body)
			golden(t, c.name, body)
		})
	}
}

// rendered is the parts of an answer that tests look at.
type rendered struct {
	Flamebearer struct{ NumTicks int64 }
	Timeline    struct {
		StartTime, DurationDelta int64
		Samples                  []int64
	}
	Groups map[string]struct{ Samples []int64 }
}

func TestRenderIsTheSameQuery(t *testing.T) {
	w, _ := randomWorld(t, 4)
	for _, params := range [][]string{
		{"query", cpuID + `{pod=~"pod-[12]"}`},
		{"query", `{__profile_type__="` + cpuID + `",pod=~"pod-[12]"}`},
		{"query", cpuID + ` {pod=~"pod-[12]",}`, "aggregation", "sum", "format", "json", "maxNodes", "7"},
	} {
		status, body := w.get(t, "/pyroscope/render", append(params, "from", at(1), "until", at(3601), "groupBy", "pod")...)
		require.Equal(t, http.StatusOK, status, body)
		var got rendered
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		total := int64(0)
		q := truth{typeID: cpuID, selector: `{pod=~"pod-[12]"}`, from: base + 1000, to: base + 3601_000}
		_, pushed := randomWorld(t, 4)
		for _, v := range q.stacks(t, pushed...) {
			total += v
		}
		require.NotZero(t, total)
		require.Equal(t, total, got.Flamebearer.NumTicks)
		require.Equal(t, base/1000+1, got.Timeline.StartTime)
		require.Equal(t, int64(15), got.Timeline.DurationDelta)
		require.Len(t, got.Timeline.Samples, 241)
		require.Len(t, got.Groups, 2)
		for i, v := range got.Timeline.Samples {
			require.Equal(t, v, got.Groups["pod-1"].Samples[i]+got.Groups["pod-2"].Samples[i])
		}
	}
}

// The average over groups is that over their profiles.
func TestAveragesOfGroups(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for i, v := range []int64{10, 20, 30, 100} {
		w.store(t, "anonymous", cpuProfile(base*1e6, service("a", "pod", fmt.Sprint(i/3)), cpu(fmt.Sprint("f", i), v)))
	}
	_, body := w.get(t, "/pyroscope/render", "query", cpuID, "from", at(0), "until", at(0), "aggregation", "avg", "groupBy", "service_name", "groupBy", "pod")
	var got rendered
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, []int64{40}, got.Timeline.Samples)
	require.Equal(t, []int64{20}, got.Groups["a,0"].Samples)
	require.Equal(t, []int64{100}, got.Groups["a,1"].Samples)
}

func TestTimelinesHaveABound(t *testing.T) {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous", cpuProfile(base*1e6, service("a"), cpu("f", 10)))
	for hours, step := range map[int64]int64{1: 15, 6: 15, 7: 17, 24 * 30: 1728} {
		_, body := w.get(t, "/pyroscope/render", "query", cpuID, "from", at(0), "until", at(hours*3600))
		var got rendered
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Equal(t, step, got.Timeline.DurationDelta)
		require.LessOrEqual(t, len(got.Timeline.Samples), 1501)
		require.Equal(t, int64(10), got.Timeline.Samples[0])
	}
}

func TestRenderDefaultsToTheLastHour(t *testing.T) {
	// The clock stands at base + 10 min.
	for seconds, found := range map[int64]bool{-3001: false, -3000: true, 600: true, 601: false} {
		w := newWorld(t, query.Settings{})
		w.store(t, "anonymous", cpuProfile((base+1000*seconds)*1e6, service("a"), cpu("f", 10)))
		for _, params := range [][]string{nil, {"from", "now-1h", "until", "now"}} {
			_, body := w.get(t, "/pyroscope/render", append(params, "query", cpuID)...)
			var got rendered
			require.NoError(t, json.Unmarshal([]byte(body), &got))
			require.Equal(t, found, got.Flamebearer.NumTicks == 10, "%d %v", seconds, params)
		}
	}
}

func TestBadRenderRequestsAreRefused(t *testing.T) {
	w := newWorld(t, query.Settings{MaxNodesMax: 100})
	for _, x := range []struct {
		part, path string
		params     []string
	}{
		{"parameter query is missing", "/pyroscope/render", nil},
		{"profile-type selection", "/pyroscope/render", []string{"query", "cpu{}"}},
		{"profile-type selection", "/pyroscope/render", []string{"query", `{pod="a"}`}},
		{"parse label selector", "/pyroscope/render", []string{"query", cpuID + "{"}},
		{"parameter from", "/pyroscope/render", []string{"query", cpuID, "from", "yesterday"}},
		{"parameter until", "/pyroscope/render", []string{"query", cpuID, "until", "x"}},
		{"after its end", "/pyroscope/render", []string{"query", cpuID, "from", "now", "until", "now-1h"}},
		{"parameter max-nodes", "/pyroscope/render", []string{"query", cpuID, "max-nodes", "many"}},
		{"limit of 100", "/pyroscope/render", []string{"query", cpuID, "maxNodes", "101"}},
		{"parameter format", "/pyroscope/render", []string{"query", cpuID, "format", "html"}},
		{"parameter aggregation", "/pyroscope/render", []string{"query", cpuID, "aggregation", "max"}},
		{"parameter leftQuery is missing", "/pyroscope/render-diff", []string{"rightQuery", cpuID}},
		{"parameter rightQuery is missing", "/pyroscope/render-diff", []string{"leftQuery", cpuID}},
		{"different profile types", "/pyroscope/render-diff", []string{"leftQuery", cpuID, "rightQuery", "a:b:c:d:e"}},
		{"parameter rightFrom", "/pyroscope/render-diff", []string{"leftQuery", cpuID, "rightQuery", cpuID, "rightFrom", "x"}},
		{"only __name__ is supported", "/pyroscope/label-values", nil},
		{"only __name__ is supported", "/pyroscope/label-values", []string{"label", "pod"}},
	} {
		status, body := w.get(t, x.path, x.params...)
		require.Equal(t, http.StatusBadRequest, status, "%+v: %s", x, body)
		require.Contains(t, body, `"code":"invalid_argument"`)
		require.Contains(t, body, x.part)
		require.Equal(t, 1, strings.Count(body, "invalid_argument"), body)
	}
}

func TestRenderedAnswersAreCompressed(t *testing.T) {
	w := shop(t)
	_, plain := w.get(t, "/pyroscope/render", "query", cpuID, "from", at(0), "until", at(60))
	for accept, compressed := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.5, br": true, "gzip;q=0": false, "gzip; q=0.0": false, "identity": false, "": false, "xgzip": false,
	} {
		req, err := http.NewRequest(http.MethodGet, w.server.URL+"/pyroscope/render?query="+cpuID+"&from="+at(0)+"&until="+at(60), nil)
		require.NoError(t, err)
		req.Header.Set("Accept-Encoding", accept)
		res, err := w.server.Client().Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		body := io.Reader(res.Body)
		if compressed {
			require.Equal(t, "gzip", res.Header.Get("Content-Encoding"), accept)
			body, err = gzip.NewReader(res.Body)
			require.NoError(t, err)
		} else {
			require.Empty(t, res.Header.Get("Content-Encoding"), accept)
		}
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, plain, string(got))
	}
}

func TestTenantsOfTheOlderInterface(t *testing.T) {
	w := newWorld(t, query.Settings{Multitenancy: true})
	w.store(t, "acme", marked("acme", 10)...)
	w.store(t, "beta", marked("beta", 10)...)
	for _, path := range []string{"/pyroscope/render?query=" + cpuID, "/pyroscope/render-diff?leftQuery=" + cpuID + "&rightQuery=" + cpuID, "/pyroscope/label-values?label=__name__"} {
		for tenants, want := range map[string]int{"": 401, "..": 400, "a/b": 400, "acme": 200, "acme|beta": 200} {
			req, err := http.NewRequest(http.MethodGet, w.server.URL+path, nil)
			require.NoError(t, err)
			req.Header.Set(tenantHeader, tenants)
			res, err := w.server.Client().Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, want, res.StatusCode, "%s as %q: %s", path, tenants, body)
			for _, m := range []string{"acme", "beta"} {
				require.Equal(t, want == 200 && strings.Contains(tenants, m), strings.Contains(string(body), "-"+m), "%s as %q", path, tenants)
			}
		}
	}
}

func TestMetadataSaysHowValuesAreShown(t *testing.T) {
	for typ, want := range map[string]string{
		"process_cpu:cpu:nanoseconds:cpu:nanoseconds":  `"sampleRate":1000000000,"units":"samples","name":"cpu"`,
		"process_cpu:samples:count:cpu:nanoseconds":    `"sampleRate":100,"units":"objects","name":"samples"`,
		"memory:inuse_space:bytes:space:bytes":         `"sampleRate":100,"units":"bytes","name":"inuse_space"`,
		"mutex:delay:nanoseconds:contentions:count":    `"sampleRate":1000000000,"units":"lock_nanoseconds","name":"delay"`,
		"block:contentions:count:contentions:count":    `"sampleRate":100,"units":"lock_samples","name":"contentions"`,
		"wall:wall:microseconds:wall:microseconds":     `"sampleRate":1000000,"units":"samples","name":"wall"`,
		"wall:wall:milliseconds::":                     `"sampleRate":1000,"units":"samples","name":"wall"`,
		"custom:latency:seconds::":                     `"sampleRate":1,"units":"samples","name":"latency"`,
		"custom:requests:requests_per_second:foo:beer": `"sampleRate":100,"units":"requests_per_second","name":"requests"`,
	} {
		w := newWorld(t, query.Settings{})
		_, body := w.get(t, "/pyroscope/render", "query", typ)
		require.Contains(t, body, `"metadata":{"format":"single","spyName":"",`+want+`}`)
	}
}

func TestDot(t *testing.T) {
	w := newWorld(t, query.Settings{})
	var samples []sample
	for i := range 150 {
		samples = append(samples, cpu(fmt.Sprintf("main;hub;leaf%03d", i), int64(1000+10*i)))
	}
	samples = append(samples, cpu(`main;"quoted\";main`, 1e9), cpu("main;rare;leaf149", 10))
	w.store(t, "anonymous", []blocktest.Pushed{cpuProfile(base*1e6, profile.NewLabels("service_name", "a"), samples...)}...)
	in := stacks()
	in.Format = 3
	graph := must(t, w.client().SelectMergeStacktraces, in).Dot
	_, rendered := w.get(t, "/pyroscope/render", "query", cpuID, "from", at(0), "until", at(3600), "format", "dot")
	require.Equal(t, graph, rendered)
	require.Contains(t, graph, `digraph "process_cpu:cpu:nanoseconds:cpu:nanoseconds" {`)
	require.Equal(t, 100, strings.Count(graph, "\nN")-strings.Count(graph, " -> "), "nodes")
	require.Contains(t, graph, `N1 [label="main\n1s (99.9`)
	require.Contains(t, graph, `label="\"quoted\\\"`)
	require.Contains(t, graph, "N1 -> N2 ")
	require.Contains(t, graph, "style=dashed", "from main to leaf149, over what is not shown")
	require.NotContains(t, graph, "rare")
	require.NotContains(t, graph, "leaf000")
	for range 3 {
		require.Equal(t, graph, must(t, w.client().SelectMergeStacktraces, in).Dot)
	}
	in.Start, in.End = 1, 2
	require.Contains(t, must(t, w.client().SelectMergeStacktraces, in).Dot, "Showing 0 of 0 functions")
}
