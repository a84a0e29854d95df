package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]struct {
		app    string
		labels profile.Labels
	}{
		"app":                              {"app", nil},
		"my.app-1/x_y":                     {"my.app-1/x_y", nil},
		" app {}":                          {"app", nil},
		"app{":                             {"app", nil},
		"app{a=b}":                         {"app", profile.NewLabels("a", "b")},
		"app{a=b,c.d=e f}":                 {"app", profile.NewLabels("a", "b", "c.d", "e f")},
		"app{ a = b , c = d }":             {"app", profile.NewLabels("a", "b", "c", "d")},
		`app{a="b"}`:                       {"app", profile.NewLabels("a", `"b"`)},
		"app{a=b=c}":                       {"app", profile.NewLabels("a", "b=c")},
		"app{a={b}":                        {"app", profile.NewLabels("a", "{b")},
		"app{a=}":                          {"app", profile.NewLabels("a", "")},
		"app{a=b,}":                        {"app", profile.NewLabels("a", "b")},
		"app{a=b,c=d":                      {"app", profile.NewLabels("a", "b")},
		"app{a=b,c":                        {"app", profile.NewLabels("a", "b")},
		"app{a=b,a=c}":                     {"app", profile.NewLabels("a", "c")},
		"app{__name__=other,a=b}":          {"other", profile.NewLabels("a", "b")},
		"app{__session_id__=1f,a=b}":       {"app", profile.NewLabels("__session_id__", "1f", "a", "b")},
		"app{otel.scope.name=com.x/go,a=}": {"app", profile.NewLabels("otel.scope.name", "com.x/go", "a", "")},
	} {
		app, labels, err := parseName(in)
		require.NoError(t, err, in)
		require.Equal(t, want.app, app, in)
		labels.Sort()
		require.Equal(t, want.labels, labels, in)
	}
	for _, in := range []string{"", "{a=b}", " ", "a b", "app:1", "äpp", "app{=b}", "app{a b=c}", "app{a-b=c}", "app{a=b},c=d}", "app\xff"} {
		_, _, err := parseName(in)
		require.ErrorContains(t, err, "parameter name: ", "%q", in)
	}
}

// FuzzParseName checks that what the parser returns can be written as a name
// and read again.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{"app", "app{a=b,c=d}", "app{__name__=x}", "a{b={c}", "app{a=b,a=c}", "app{a=b},c=d}", "app{a= \xff }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		app, labels, err := parseName(s)
		if err != nil {
			require.Empty(t, app)
			require.Empty(t, labels)
			return
		}
		var again strings.Builder
		again.WriteString("app{__name__=" + app)
		seen := map[string]bool{}
		for _, l := range labels {
			require.NoError(t, checkLabelName(l.Name))
			require.NotContains(t, l.Value, ",")
			require.NotContains(t, l.Value, "}")
			require.False(t, seen[l.Name])
			seen[l.Name] = true
			again.WriteString("," + l.Name + "=" + l.Value)
		}
		app2, labels2, err := parseName(again.String() + "}")
		require.NoError(t, err)
		require.Equal(t, app, app2)
		require.Equal(t, labels, labels2)
	})
}

func TestQueryValue(t *testing.T) {
	const q = "from=&name=app%7Ba%3Db+c%7D&name=other&until=1%zz&x;y=1&flag&spyName=gospy"
	for name, want := range map[string]string{
		"from": "", "name": "app{a=b c}", "until": "1%zz", "x;y": "1", "flag": "", "spyName": "gospy", "missing": "", "": "",
	} {
		require.Equal(t, want, queryValue(q, name), name)
	}
}

func TestParseParams(t *testing.T) {
	now := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	unknown := profile.NewLabels("service_name", "app", "pyroscope_spy", "unknown")
	for query, want := range map[string]params{
		"name=app": {app: "app", from: now, until: now, rate: 100, spy: "unknown", labels: unknown},
		"name=app&from=&until=&spyName=&sampleRate=&units=&aggregationType=&format=": {
			app: "app", from: now, until: now, rate: 100, spy: "unknown", labels: unknown},
		"name=app{__session_id__=1,__x=2,a=b}&from=1700000000&until=1700000010000&spyName=gospy&sampleRate=-x&format=pprof": {
			app: "app", from: time.Unix(1700000000, 0), until: time.Unix(1700000010, 0), rate: 100, spy: "gospy", format: "pprof",
			labels: profile.NewLabels("__session_id__", "1", "a", "b", "service_name", "app", "pyroscope_spy", "gospy")},
		"name=app{service_name=api,pyroscope_spy=mine}&from=now-1h&spyName=x&sampleRate=0": {
			app: "app", named: true, from: now.Add(-time.Hour), until: now, spy: "x",
			labels: profile.NewLabels("service_name", "api", "pyroscope_spy", "mine")},
		"name=x{__name__=app}&from=never&sampleRate=-1":  {app: "app", from: now, until: now, rate: 100, spy: "unknown", labels: unknown},
		"name=app&sampleRate=4294967296":                 {app: "app", from: now, until: now, rate: 100, spy: "unknown", labels: unknown},
		"name=app&sampleRate=4294967295&until=now%2B10s": {app: "app", from: now, until: now.Add(10 * time.Second), rate: 4294967295, spy: "unknown", labels: unknown},
	} {
		got, err := parseParams(query, now)
		require.NoError(t, err)
		got.labels.Sort()
		require.True(t, want.from.Equal(got.from), query)
		require.True(t, want.until.Equal(got.until), query)
		got.from, got.until = want.from, want.until
		require.Equal(t, want, *got, query)
	}
}

func TestKindOf(t *testing.T) {
	named := func(pairs ...string) map[string]sampleTypeConfig {
		out := map[string]sampleTypeConfig{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = sampleTypeConfig{DisplayName: pairs[i+1]}
		}
		return out
	}
	for _, c := range []struct {
		types  string
		config map[string]sampleTypeConfig
		want   string
	}{
		{"samples cpu", nil, "process_cpu"},
		{"samples cpu", named("samples", "cpu"), "process_cpu"},
		{"samples cpu", named("other", "x"), "process_cpu"},
		{"samples wall", nil, "wall"},
		{"wall cpu", nil, "wall"},
		{"alloc_objects alloc_space inuse_objects inuse_space", nil, "memory"},
		{"alloc_objects alloc_space inuse_objects inuse_space", named("alloc_objects", ""), "memory"},
		{"objects space", nil, "memory"},
		{"goroutine", nil, "goroutines"},
		{"goroutine", named("goroutine", "goroutines"), "goroutines"},
		{"goroutine", named("goroutine", ""), "goroutine"},
		{"contentions delay", nil, "mutex"},
		{"contentions delay", named("contentions", "mutex_count", "delay", "mutex_duration"), "mutex"},
		{"contentions delay", named("contentions", "block_count", "delay", "block_duration"), "block"},
		{"contentions delay", named("delay", "block_duration"), "block"},
		{"goroutineleak", named("goroutineleak", "goroutine_leak"), "goroutine_leak"},
		{"first last", nil, "last"},
		{"", nil, ""},
	} {
		var types []profile.ValueType
		for _, n := range strings.Fields(c.types) {
			types = append(types, profile.ValueType{Type: n})
		}
		require.Equal(t, c.want, kindOf(types, c.config), "%s %v", c.types, c.config)
	}
}
