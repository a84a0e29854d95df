package ingest_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// sentRequest is what a client sent.
type sentRequest struct {
	name    string
	target  string
	headers []string // name, value, name, value, …
	body    []byte
	at      time.Time // when it was sent
}

// captured reads the requests of a client that were recorded with
// scripts/capture: a file .request with the request line and the headers, and
// one .body.
func captured(t *testing.T, pattern string) []sentRequest {
	files, err := filepath.Glob(filepath.Join("testdata", "clients", pattern+".request"))
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	var out []sentRequest
	for _, file := range files {
		head, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(head)), "\n")
		base := strings.TrimSuffix(file, ".request")
		r := sentRequest{name: filepath.Base(base), target: strings.TrimPrefix(lines[0], "POST ")}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			r.headers = append(r.headers, name, value)
		}
		r.body, err = os.ReadFile(base + ".body")
		require.NoError(t, err)
		r.at = sentAt(t, r)
		out = append(out, r)
	}
	return out
}

// capturedAt is when the clients were recorded whose requests do not say.
var capturedAt = map[string]time.Time{
	"python": time.Date(2026, 11, 21, 11, 7, 0, 0, time.UTC),
	"alloy":  time.Date(2026, 11, 30, 2, 42, 0, 0, time.UTC),
}

// sentAt reads the parameter until, in seconds or nanoseconds.
func sentAt(t *testing.T, r sentRequest) time.Time {
	u, err := url.Parse(r.target)
	require.NoError(t, err)
	until := u.Query().Get("until")
	if until == "" {
		client, _, _ := strings.Cut(r.name, "-")
		return capturedAt[client]
	}
	n, err := strconv.ParseInt(until, 10, 64)
	require.NoError(t, err)
	if len(until) > 12 {
		return time.Unix(0, n)
	}
	return time.Unix(n, 0)
}

// pushed makes a push request of one profile a series, as clients without a
// recording send it.
func pushed(t *testing.T, name string, gzipped bool, all ...*pushv1.RawProfileSeries) sentRequest {
	body, zipped := encoded(t, request(all...))
	r := sentRequest{name: name, target: pushPath, body: body, at: now, headers: []string{"Content-Type", "application/proto"}}
	if gzipped {
		r.body, r.headers = zipped, append(r.headers, "Content-Encoding", "gzip")
	}
	return r
}

// types changes the types of a profile: type, unit, type, unit, …; of samples and
// then of the period, which may be empty.
func types(pairs ...string) func(*gprofile.Profile) {
	return func(p *gprofile.Profile) {
		p.SampleType = nil
		for i := 0; i+2 < len(pairs); i += 2 {
			p.SampleType = append(p.SampleType, &gprofile.ValueType{Type: pairs[i], Unit: pairs[i+1]})
		}
		p.PeriodType = &gprofile.ValueType{Type: pairs[len(pairs)-2], Unit: pairs[len(pairs)-1]}
		for _, s := range p.Sample {
			s.Value = make([]int64, len(p.SampleType))
			for i := range s.Value {
				s.Value[i] = int64(i + 1)
			}
		}
	}
}

// godeltaprof reconstructs what Alloy sends of a program that has godeltaprof: each
// profile in a request of its own, named as Alloy does. The profiles are real.
func godeltaprof(t *testing.T) []sentRequest {
	var out []sentRequest
	for _, c := range []struct{ name, file string }{
		{"godeltaprof_memory", "mem"}, {"godeltaprof_mutex", "mutex"}, {"godeltaprof_block", "block"},
	} {
		data, err := os.ReadFile(filepath.Join("..", "..", "tests", "fixtures", c.file+"-shop_0.pb.gz"))
		require.NoError(t, err)
		p, err := gprofile.ParseData(data)
		require.NoError(t, err)
		p.TimeNanos = now.UnixNano()
		out = append(out, pushed(t, c.name, false, series(raw(gz(t, p)), "__name__", c.name, "__delta__", "false",
			"instance", "shop:80", "service_name", "shop", "otel.scope.name", "com.grafana.alloy/pyroscope.scrape", "otel.scope.version", "v1.18.1")))
	}
	return out
}

// native reconstructs what the clients built on pyroscope-rs send, other than
// that for Python, which is recorded: gzip, no mappings, times in whole seconds.
func native(t *testing.T, language, spy string) []sentRequest {
	labels := func(name string) []string {
		return []string{"__name__", name, "service_name", "shop", "pyroscope_spy", spy, "otel.scope.name", "com.grafana.pyroscope/" + language}
	}
	cpuProfile := series(raw(gz(t, cpu(now, 3, types("cpu", "nanoseconds", "cpu", "nanoseconds")))), labels("process_cpu")...)
	if language != "rust" {
		return []sentRequest{pushed(t, language, true, cpuProfile)}
	}
	heap := types("inuse_objects", "count", "inuse_space", "bytes", "space", "bytes")
	return []sentRequest{pushed(t, language, true, cpuProfile, series(raw(gz(t, cpu(now, 3, heap))), labels("memory")...))}
}

// dotnet reconstructs what the .NET profiler sends: a request for each kind, not
// compressed; and the older one, which used /ingest and wrote "-" in types.
func dotnet(t *testing.T) []sentRequest {
	var out []sentRequest
	for name, kinds := range map[string][]string{
		"process_cpu": {"cpu", "nanoseconds", "", ""},
		"wall":        {"wall", "nanoseconds", "", ""},
		"memory":      {"alloc_samples", "count", "alloc_size", "bytes", "", ""},
		"heap":        {"inuse_objects", "count", "inuse_space", "bytes", "", ""},
		"lock":        {"lock_count", "count", "lock_time", "nanoseconds", "", ""},
		"exception":   {"exception", "count", "", ""},
	} {
		sent := name
		if sent == "heap" {
			sent = "memory"
		}
		out = append(out, pushed(t, name, false, series(raw(plain(t, cpu(now, 1, types(kinds...)))), "__name__", sent, "service_name", "shop", "pyroscope_spy", "dotnetspy")))
	}
	slices.SortFunc(out, func(a, b sentRequest) int { return cmp.Compare(a.name, b.name) })
	old := plain(t, cpu(now, 1, types("alloc-samples", "count", "alloc-size", "bytes", "", "")))
	return append(out, sentRequest{name: "old", target: "/ingest?name=shop&spyName=dotnetspy&format=pprof", body: old, at: now})
}

// ebpf reconstructs what Alloy's eBPF profiler pushes beyond what was recorded:
// frames without symbols, waiting, threads and spans in labels of samples. That by
// OTLP is in shared/ingest/otlp.
func ebpf(t *testing.T) []sentRequest {
	unsymbolized := func(p *gprofile.Profile) {
		m := &gprofile.Mapping{ID: 1, Start: 0x1000, Limit: 0x9000, File: "/bin/shop", BuildID: "abc"}
		l := &gprofile.Location{ID: 2, Mapping: m, Address: 0x1234}
		p.Mapping, p.Location = []*gprofile.Mapping{m}, append(p.Location, l)
		p.Sample[0].Location = append([]*gprofile.Location{l}, p.Sample[0].Location...)
		p.Sample[0].Label = map[string][]string{"comm": {"worker"}, "pid": {"42"}, "span_id": {"0123456789abcdef"}}
	}
	labels := func(name string) []string {
		return []string{"__name__", name, "service_name", "shop", "otel.scope.name", "com.grafana.alloy/pyroscope.ebpf"}
	}
	onCPU := cpu(now, 3, types("cpu", "nanoseconds", "cpu", "nanoseconds"), unsymbolized)
	offCPU := cpu(now, 3, types("offcpu", "nanoseconds", "", ""), unsymbolized)
	return []sentRequest{pushed(t, "ebpf", false, series(raw(gz(t, onCPU)), labels("process_cpu")...), series(raw(gz(t, offCPU)), labels("offcpu")...))}
}

// The series and profile types that each client's requests become. Java is in
// TestRecordings, OTLP in TestOTLP.
func TestClients(t *testing.T) {
	for name, requests := range map[string][]sentRequest{
		"go_sdk": captured(t, "go-sdk-*"), "nodejs": captured(t, "nodejs-*"), "python": captured(t, "python"),
		"alloy": append(captured(t, "alloy-*"), godeltaprof(t)...), "ruby": native(t, "ruby", "rbspy"), "rust": native(t, "rust", "pyroscope-rs"), "dotnet": dotnet(t), "ebpf": ebpf(t),
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, r := range requests {
				b := newBench(t)
				b.now = r.at
				w := b.do("POST", r.target, bytes.NewReader(r.body), r.headers...)
				require.Equal(t, 200, w.Code, "%s: %s", r.name, w.Body)
				fmt.Fprintf(&got, "# %s\n", r.name)
				for _, one := range b.received() {
					describe(&got, one)
				}
			}
			golden := filepath.Join("testdata", "clients", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

// describe writes the series of a profile, and its types with their totals.
func describe(out *strings.Builder, r received) {
	for _, s := range r.Profile.SplitByLabels() {
		ls := r.Labels
		for _, l := range s.Labels {
			ls = ls.With(l.Name, l.Value)
		}
		fmt.Fprintf(out, "%s\n", ls)
		part := *r.Profile
		part.Samples, part.Values = nil, nil
		for _, i := range s.Samples {
			part.Samples = append(part.Samples, r.Profile.Samples[i])
			part.Values = append(part.Values, r.Profile.SampleValues(int(i))...)
		}
		describeTypes(out, r.Labels.Get(profile.LabelName), &part)
	}
}

func describeTypes(out *strings.Builder, name string, p *pprof.Profile) {
	totals := p.Totals()
	for i, st := range p.SampleTypes {
		kind := profile.Type{Name: name, Sample: st, Period: p.PeriodType}
		fmt.Fprintf(out, "  %s = %d in %d samples\n", kind, totals[i], len(p.Samples))
	}
}
