package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/relabel"
)

// relabeling gives tenants rules, which must be good ones.
func relabeling(t testing.TB, rules string) func(*ingest.Settings) {
	parsed, err := relabel.Parse(rules)
	require.NoError(t, err)
	return func(s *ingest.Settings) { s.Limits.RelabelRules = parsed }
}

// paths gives each of n samples a label path, p0, p1 and so on, and the span 1.
func paths(n int) func(*gprofile.Profile) {
	return func(p *gprofile.Profile) {
		first := *p.Sample[0]
		p.Sample = nil
		for i := range n {
			s := first
			s.Label = map[string][]string{"path": {fmt.Sprintf("p%d", i)}, "span_id": {"0000000000000001"}}
			p.Sample = append(p.Sample, &s)
		}
	}
}

func TestWallProfilesOfCPUTimeAreRelabelled(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"wall", "cpu", "process_cpu"}, {"wall", "wall", "wall"}, {"wall", "", "wall"}, {"memory", "cpu", "memory"},
	} {
		b := newBench(t)
		status, _, message := b.push(one(gz(t, cpu(now, 1)), "__name__", c.name, "__type__", c.kind, "service_name", "api"))
		require.Equal(t, 200, status, message)
		require.Equal(t, profile.NewLabels("__name__", c.want, "service_name", "api"), b.received()[0].Labels)
	}
}

// series returns what is on the queue as the series that it will be stored as,
// with the sum of their first values.
func (b *bench) series() map[string]int64 {
	out := make(map[string]int64)
	for _, r := range b.received() {
		for _, s := range r.Profile.SplitByLabels() {
			ls := r.Labels
			for _, l := range s.Labels {
				require.False(b.t, ls.Has(l.Name))
				ls = ls.With(l.Name, l.Value)
			}
			for _, i := range s.Samples {
				out[ls.String()] += r.Profile.SampleValues(int(i))[0]
				if len(s.Labels) > 0 {
					require.Equal(b.t, uint64(1), r.Profile.SpanID(int(i)))
				}
			}
		}
	}
	return out
}

func TestRelabelRules(t *testing.T) {
	name := func(more ...string) string {
		return profile.NewLabels(append([]string{"__name__", "process_cpu", "service_name", "api"}, more...)...).String()
	}
	for _, c := range []struct {
		name, rules string
		samples     int // with labels, see paths; 0 for one without
		messages    int
		want        map[string]int64
		message     string
	}{
		{"replace", `[{"source_labels":["pod"],"target_label":"instance"}]`, 0, 1, map[string]int64{name("pod", "a", "instance", "a"): 3}, ""},
		{"drop", `[{"source_labels":["pod"],"regex":"a","action":"drop"}]`, 0, 0, nil, ""},
		{"keep", `[{"source_labels":["pod"],"regex":"a","action":"keep"}]`, 0, 1, map[string]int64{name("pod", "a"): 3}, ""},
		{"labeldrop", `[{"regex":"pod","action":"labeldrop"}]`, 0, 1, map[string]int64{name(): 3}, ""},
		{"what is dropped is seen", `[{"source_labels":["__delta__"],"target_label":"delta"}]`, 0, 1, map[string]int64{name("pod", "a", "delta", "false"): 3}, ""},
		{"what is dropped cannot be made", `[{"target_label":"__delta__","replacement":"x"}]`, 0, 1, map[string]int64{name("pod", "a"): 3}, ""},
		{"too long before", `[{"regex":"long","action":"labeldrop"}]`, 0, 1, map[string]int64{name("pod", "a"): 3}, ""},
		{"no service left", `[{"target_label":"service_name","replacement":""}]`, 0, 0, nil, "after relabeling: bad labels: service_name is empty"},
		{"samples untouched", `[{"source_labels":["none"],"regex":"x","action":"drop"}]`, 2, 1,
			map[string]int64{name("pod", "a", "path", "p0"): 3, name("pod", "a", "path", "p1"): 3}, ""},
		{"label of samples", `[{"regex":"path","action":"labeldrop"}]`, 2, 1, map[string]int64{name("pod", "a"): 6}, ""},
		{"drop of samples", `[{"source_labels":["path"],"regex":"p1","action":"drop"}]`, 3, 1,
			map[string]int64{name("pod", "a", "path", "p0"): 3, name("pod", "a", "path", "p2"): 3}, ""},
		{"all samples dropped", `[{"source_labels":["path"],"regex":"p.","action":"drop"}]`, 3, 0, nil, ""},
		{"service from samples", `[{"source_labels":["path"],"target_label":"service_name"},{"regex":"pod|path","action":"labeldrop"}]`, 2, 2, map[string]int64{
			profile.NewLabels("__name__", "process_cpu", "service_name", "p0").String(): 3,
			profile.NewLabels("__name__", "process_cpu", "service_name", "p1").String(): 3}, ""},
		{"too many services", `[{"source_labels":["path"],"target_label":"service_name"}]`, 65, 0, nil, "more than 64 services"},
	} {
		b := newBench(t, relabeling(t, c.rules))
		p := cpu(now, 3)
		if c.samples > 0 {
			paths(c.samples)(p)
		}
		labels := with("pod", "a", "__delta__", "false")
		if c.name == "too long before" {
			labels = append(labels, "long", string(bytes.Repeat([]byte("x"), 5000)))
		}
		status, _, message := b.push(one(gz(t, p), labels...))
		if c.message != "" {
			require.Equal(t, 400, status, c.name)
			require.Contains(t, message, c.message, c.name)
		} else {
			require.Equal(t, 200, status, "%s: %s", c.name, message)
		}
		require.Len(t, b.queue.sent, c.messages, c.name)
		got := b.series()
		if c.samples > 0 && c.name == "label of samples" {
			require.Equal(t, uint64(1), b.received()[0].Profile.SpanID(0))
		}
		require.Len(t, got, len(c.want), c.name)
		for ls, sum := range c.want {
			require.Equal(t, sum, got[ls], "%s: %s of %v", c.name, ls, got)
		}
	}
}

func TestLabelsOfTheSeriesBeatThoseOfSamplesInRules(t *testing.T) {
	b := newBench(t, relabeling(t, `[{"source_labels":["pod"],"target_label":"instance"}]`))
	p := cpu(now, 3, paths(2))
	p.Sample[0].Label["pod"] = []string{"other"}
	status, _, message := b.push(one(gz(t, p), with("pod", "a")...))
	require.Equal(t, 200, status, message)
	for _, r := range b.received() {
		require.Equal(t, "a", r.Labels.Get("pod"))
		require.Equal(t, "a", r.Labels.Get("instance"))
	}
}

func TestSamplesThatRulesMakeEqualBecomeOne(t *testing.T) {
	b := newBench(t, relabeling(t, `[{"regex":"path","action":"labeldrop"}]`))
	status, _, message := b.push(one(gz(t, cpu(now, 3, paths(4))), good...))
	require.Equal(t, 200, status, message)
	require.Len(t, b.received()[0].Profile.Samples, 1)
	require.Equal(t, []int64{12, 12e7}, b.received()[0].Profile.Values)
}

func TestRulesOfTenants(t *testing.T) {
	b := newLimitedBench(t, map[string]string{"PYROCUMULUS_RELABEL_RULES": `[{"target_label":"by","replacement":"default"}]`})
	require.NoError(t, b.admin.Set(t.Context(), "acme", limits.Overrides{"relabel_rules": `[{"target_label":"by","replacement":"acme"}]`}))
	for _, tenant := range []string{"acme", "other"} {
		status, _, message := b.push(one(gz(t, cpu(now, 1)), good...), "X-Scope-OrgID", tenant)
		require.Equal(t, 200, status, message)
	}
	got := b.received()
	require.Equal(t, "acme", got[0].Labels.Get("by"))
	require.Equal(t, "default", got[1].Labels.Get("by"))
}

func TestSampleTypeRules(t *testing.T) {
	for rules, want := range map[string][]string{
		`[]`: {"process_cpu:samples:count:cpu:nanoseconds", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
		`[{"source_labels":["__type__"],"regex":"samples","action":"drop"}]`:                         {"process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
		`[{"source_labels":["__unit__"],"regex":"count","action":"keep"}]`:                           {"process_cpu:samples:count:cpu:nanoseconds"},
		`[{"source_labels":["__name__","service_name"],"regex":"process_cpu;api","action":"drop"}]`:  nil,
		`[{"source_labels":["__profile_type__"],"regex":"process_cpu:samples:.*","action":"drop"}]`:  {"process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
		`[{"source_labels":["__name__","service_name"],"regex":"process_cpu;cart","action":"drop"}]`: {"process_cpu:samples:count:cpu:nanoseconds", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
	} {
		parsed, err := relabel.Parse(rules)
		require.NoError(t, err)
		b := newBench(t, func(s *ingest.Settings) { s.Limits.SampleTypeRules = parsed })
		status, _, message := b.push(one(gz(t, cpu(now, 1)), good...))
		require.Equal(t, 200, status, message)
		require.Equal(t, want, b.types(), rules)
	}
}

func TestSampleTypesAreThoseOfTheProfile(t *testing.T) {
	drop, err := relabel.Parse(`[{"source_labels":["__type__"],"regex":"samples","action":"drop"}]`)
	require.NoError(t, err)
	b := newBench(t, relabeling(t, `[{"target_label":"x","replacement":"y"}]`), func(s *ingest.Settings) { s.Limits.SampleTypeRules = drop })
	status, _, message := b.push(one(gz(t, cpu(now, 1)), with("__type__", "samples")...))
	require.Equal(t, 200, status, message)
	require.Equal(t, []string{"process_cpu:cpu:nanoseconds:cpu:nanoseconds"}, b.types(), "whatever the client says")
}

func TestSamplingKeepsAShareAndTheSameWhenPushedAgain(t *testing.T) {
	sampling, err := limits.ParseSampling(`{"api": 0.5, "none": 0}`)
	require.NoError(t, err)
	b := newBench(t, func(s *ingest.Settings) { s.Limits.Sampling = sampling })
	push := func(service string, n int) {
		status, _, message := b.push(one(gz(t, cpu(now, int64(n+1))), "__name__", "process_cpu", "service_name", service))
		require.Equal(t, 200, status, message)
	}
	const all = 200
	for range 2 {
		for n := range all {
			push("api", n)
		}
	}
	once := len(b.queue.sent) / 2
	require.InDelta(t, all/2, once, 40)
	require.Len(t, b.queue.ids(), once)
	push("none", 1)
	require.Len(t, b.queue.sent, 2*once)
	push("cart", 1)
	require.Len(t, b.queue.sent, 2*once+1, "of a service that is not named all are kept")
}

func TestSessions(t *testing.T) {
	for _, c := range []struct {
		most       int
		sent, want string
	}{
		{0, "294b642fa0d4beee", ""},
		{1, "294b642fa0d4beee", "0000000000000000"},
		{7, "0a00000000000000", "0300000000000000"}, // 10 mod 7, little-endian
		{7, "x", ""},
		{7, "zz4b642fa0d4beee", ""},
	} {
		b := newBench(t, func(s *ingest.Settings) { s.Limits.MaxSessions = c.most })
		status, _, message := b.push(one(gz(t, cpu(now, 1)), with("__session_id__", c.sent)...))
		require.Equal(t, 200, status, message)
		w := b.do("POST", "/ingest?format=pprof&name=app{__session_id__="+c.sent+"}", bytes.NewReader(gz(t, cpu(now, 1))))
		require.Equal(t, 200, w.Code, w.Body)
		for _, r := range b.received() {
			require.Equal(t, c.want, r.Labels.Get("__session_id__"))
			require.Equal(t, c.want != "", r.Labels.Has("__session_id__"))
		}
	}
}

func TestVersionsAreKeptInBuildIDs(t *testing.T) {
	for _, mapping := range []bool{true, false} {
		b := newBench(t)
		p := cpu(now, 1, func(p *gprofile.Profile) {
			if mapping {
				p.Mapping = []*gprofile.Mapping{{ID: 1, BuildID: "abc", HasFunctions: true}}
				p.Location[0].Mapping = p.Mapping[0]
			}
		})
		status, _, message := b.push(one(gz(t, p), with("service_repository", "https://example.org/shop", "service_git_ref", "v1.2", "service_root_path", "src")...))
		require.Equal(t, 200, status, message)
		got := b.received()[0].Profile
		require.Len(t, got.Mappings, 1)
		var id map[string]string
		require.NoError(t, json.Unmarshal([]byte(got.Strings[got.Mappings[0].BuildID]), &id))
		want := map[string]string{"repository": "https://example.org/shop", "git_ref": "v1.2", "root_path": "src"}
		if mapping {
			want["build_id"] = "abc"
		}
		require.Equal(t, want, id)
	}
	b := newBench(t)
	_, _, _ = b.push(one(gz(t, cpu(now, 1)), good...))
	require.Empty(t, b.received()[0].Profile.Mappings, "nothing is said of the version")
}

func TestDotnetProfilesAreRepaired(t *testing.T) {
	p := gz(t, cpu(now, 1, func(p *gprofile.Profile) { p.SampleType[0].Type = "alloc-size" }))
	for spy, status := range map[string]int{"dotnetspy": 200, "gospy": 422} {
		b := newBench(t)
		w := b.do("POST", "/ingest?format=pprof&name=app&spyName="+spy, bytes.NewReader(p))
		require.Equal(t, status, w.Code, w.Body)
		require.Equal(t, status == 200, slices.Contains(b.types(), "process_cpu:alloc_size:count:cpu:nanoseconds") || slices.Contains(b.types(), "memory:alloc_size:count:cpu:nanoseconds"))
	}
}
