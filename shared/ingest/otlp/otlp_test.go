package otlp_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/otlp"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/otlp/otlptest"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var update = flag.Bool("update", false, "write the golden files")

var taken = time.Date(2026, 9, 14, 12, 30, 0, 0, time.UTC)

// show writes down everything that a request becomes.
func show(data *profilespb.ProfilesData, limits pprof.Limits) string {
	var out strings.Builder
	otlp.Each(data, limits, func(ls profile.Labels, p *pprof.Profile, err error) {
		ls.Sort()
		fmt.Fprintln(&out, ls)
		if err != nil {
			fmt.Fprintln(&out, err)
			return
		}
		name := ls.Get(profile.LabelName)
		fmt.Fprintf(&out, "%s period %d time %d duration %d\n", profile.Type{Name: name, Sample: p.SampleTypes[0], Period: p.PeriodType}, p.Period, p.TimeNanos, p.DurationNanos)
		for _, m := range p.Mappings {
			fmt.Fprintf(&out, "mapping %s %#x build %q flags %d\n", p.Strings[m.Filename], m.Start, p.Strings[m.BuildID], m.Flags)
		}
		for i, line := range strings.Split(strings.TrimSuffix(stackstest.Lines(p), "\n"), "\n") {
			out.WriteString(line)
			for _, l := range p.SampleLabels(i) {
				fmt.Fprintf(&out, " %s=%s", p.Strings[l.Key], p.Strings[l.Value])
			}
			out.WriteByte('\n')
		}
	})
	return out.String()
}

// ebpf is a request as the eBPF profiler sends by a collector: native frames
// without names, attributes and links of samples, and several services.
func ebpf(resource func(*otlptest.Dictionary) []*commonpb.KeyValue) *profilespb.ProfilesData {
	d := otlptest.New()
	binary := d.Mapping("/bin/shop", 0x1000, d.Attribute("process.executable.build_id.htlhash", "hash"), d.Attribute("process.executable.build_id.gnu", "abc"))
	script := d.Mapping("app.py", 0x9000, d.Attribute("pprof.mapping.has_filenames", true))
	native, work := d.Location(binary, 0x1234), d.Location(script, 0, "inlined", "work")
	main := d.Location(0, 0, "main")
	deep, flat := d.Stack(native, work, main), d.Stack(main)
	link := d.Link([]byte("0123456789abcdef"), []byte("01234567"))
	comm, pid := d.Attribute("thread.name", "worker"), d.Attribute("process.pid", 42)
	other := d.Attribute("service.name", "other")
	off := d.CPU(time.Time{}, &profilespb.Sample{StackIndex: flat, Values: []int64{5, 6}})
	off.SampleType, off.PeriodType, off.Period, off.TimeUnixNano = d.Type("off_cpu", "nanoseconds"), nil, 0, 0
	alloc := d.CPU(taken, &profilespb.Sample{StackIndex: flat, Values: []int64{7}})
	alloc.SampleType, alloc.PeriodType = d.Type("alloc_space", "bytes"), d.Type("space", "bytes")
	return d.Request(resource(d),
		d.CPU(taken,
			&profilespb.Sample{StackIndex: deep, Values: []int64{3}, AttributeIndices: []int32{comm, pid}, LinkIndex: link},
			&profilespb.Sample{StackIndex: flat, TimestampsUnixNano: []uint64{1, 2}},
			&profilespb.Sample{StackIndex: flat, Values: []int64{4}, AttributeIndices: []int32{other, comm}}),
		off, alloc)
}

func plainResource(*otlptest.Dictionary) []*commonpb.KeyValue {
	return otlptest.Attributes("service.name", "shop", "k8s.pod.name", "shop-0", "replica", 3, "spot", true, "scope.kind", "first", "k8s.pod.name", "again", "empty", "")
}

func TestGolden(t *testing.T) {
	golden := filepath.Join("testdata", "ebpf.golden")
	got := show(ebpf(plainResource), pprof.DefaultLimits())
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// Collectors from v0.164 on put the strings of resources into the dictionary.
func TestResourceInTheDictionary(t *testing.T) {
	plain := ebpf(func(*otlptest.Dictionary) []*commonpb.KeyValue {
		return otlptest.Attributes("service.name", "shop", "k8s.pod.name", "shop-0")
	})
	indexed := ebpf(func(d *otlptest.Dictionary) []*commonpb.KeyValue {
		return d.Indexed("service.name", "shop", "k8s.pod.name", "shop-0")
	})
	got := show(indexed, pprof.DefaultLimits())
	require.Equal(t, show(plain, pprof.DefaultLimits()), got)
	require.Contains(t, got, `k8s.pod.name="shop-0"`)
}

func TestServices(t *testing.T) {
	for want, attributes := range map[string][]*commonpb.KeyValue{
		`service.name="shop", service_name="shop"`: otlptest.Attributes("service.name", "shop", "process.executable.name", "x", "service_name", "y"),
		`service_name="unknown_service:x"`:         otlptest.Attributes("process.executable.name", "x"),
		`service_name="unknown_service"`:           nil,
	} {
		d := otlptest.New()
		sample := &profilespb.Sample{Values: []int64{1}, StackIndex: d.Stack(d.Location(0, 0, "main"))}
		got := show(d.Request(attributes, d.CPU(taken, sample)), pprof.DefaultLimits())
		require.Contains(t, got, want)
		require.Equal(t, strings.HasPrefix(want, "service.name"), strings.Contains(got, "service.name"))
	}
}

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		sample, period [2]string
		length         int64
		want           string
	}{
		{[2]string{"samples", "count"}, [2]string{"cpu", "nanoseconds"}, 1e7, "process_cpu:cpu:nanoseconds:cpu:nanoseconds period 10000000 30000000"},
		{[2]string{"samples", "count"}, [2]string{"cpu", "nanoseconds"}, 1 << 62, "process_cpu:cpu:nanoseconds:cpu:nanoseconds period 4611686018427387904 9223372036854775807"},
		{[2]string{"samples", "count"}, [2]string{"cpu", "nanoseconds"}, 0, "process_cpu:samples:count:cpu:nanoseconds period 0 3"},
		{[2]string{"off_cpu", "nanoseconds"}, [2]string{}, 0, "off_cpu:off_cpu:nanoseconds:: period 0 3"},
		{[2]string{"alloc_space", "bytes"}, [2]string{"space", "bytes"}, 5, "space:alloc_space:bytes:space:bytes period 5 3"},
		{[2]string{"events", "count"}, [2]string{}, 0, ":events:count:: period 0 3"}, // has no name, and is refused for it later on
	} {
		d := otlptest.New()
		p := d.CPU(taken, &profilespb.Sample{Values: []int64{1, 2}, StackIndex: d.Stack(d.Location(0, 0, "main"))})
		p.SampleType, p.PeriodType, p.Period = d.Type(c.sample[0], c.sample[1]), d.Type(c.period[0], c.period[1]), c.length
		otlp.Each(d.Request(nil, p), pprof.DefaultLimits(), func(ls profile.Labels, p *pprof.Profile, err error) {
			require.NoError(t, err)
			ls.Sort()
			kind := profile.Type{Name: ls.Get("__name__"), Sample: p.SampleTypes[0], Period: p.PeriodType}
			require.Equal(t, c.want, fmt.Sprintf("%s period %d %d", kind, p.Period, p.Values[0]))
		})
	}
}

func TestRefuse(t *testing.T) {
	for want, change := range map[string]func(*otlptest.Dictionary, *profilespb.ProfilesData, *profilespb.Profile){
		"no dictionary":  func(_ *otlptest.Dictionary, r *profilespb.ProfilesData, _ *profilespb.Profile) { r.Dictionary = nil },
		"no sample type": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) { p.SampleType = nil },
		`"a-b" contains "-"`: func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.SampleType = d.Type("a-b", "")
		},
		"no string 99": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.PeriodType.UnitStrindex = 99
		},
		"sample 0: invalid profile: there is no stack 99": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples[0].StackIndex = 99
		},
		"no stack -1": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples[0].StackIndex = -1
		},
		"no attribute 9": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples[0].AttributeIndices = []int32{9}
		},
		"no link 9": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples[0].LinkIndex = 9
		},
		"no location 9": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, _ *profilespb.Profile) {
			d.StackTable[1].LocationIndices = []int32{9}
		},
		"no mapping 9": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, _ *profilespb.Profile) {
			d.LocationTable[1].MappingIndex = 9
		},
		"no function 9": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, _ *profilespb.Profile) {
			d.LocationTable[1].Lines[0].FunctionIndex = 9
		},
		"no string 9999": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, _ *profilespb.Profile) {
			d.FunctionTable[1].NameStrindex = 9999
		},
		"no string 77": func(_ *otlptest.Dictionary, r *profilespb.ProfilesData, _ *profilespb.Profile) {
			r.ResourceProfiles[0].Resource.Attributes = []*commonpb.KeyValue{{KeyStrindex: 77}}
		},
		"limit MaxBytes": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, _ *profilespb.Profile) {
			d.StringTable[d.FunctionTable[1].NameStrindex] = strings.Repeat("x", 2000)
			d.StringTable[d.FunctionTable[1].FilenameStrindex] = strings.Repeat("y", 2000)
		},
		"limit MaxSamples": func(_ *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples = append(p.Samples, p.Samples[0], p.Samples[0])
		},
		"limit MaxSampleLabels": func(d *otlptest.Dictionary, _ *profilespb.ProfilesData, p *profilespb.Profile) {
			p.Samples[0].AttributeIndices = make([]int32, 6)
		},
		"limit maxAttributes": func(_ *otlptest.Dictionary, r *profilespb.ProfilesData, _ *profilespb.Profile) {
			for i := range 300 {
				r.ResourceProfiles[0].Resource.Attributes = append(r.ResourceProfiles[0].Resource.Attributes, otlptest.Attributes(fmt.Sprint(i), "v")...)
			}
		},
	} {
		d := otlptest.New()
		p := d.CPU(taken, &profilespb.Sample{Values: []int64{1}, StackIndex: d.Stack(d.Location(0, 0, "main"))})
		r := d.Request(nil, p)
		change(d, r, p)
		got := show(r, pprof.Limits{MaxBytes: 3000, MaxSamples: 2, MaxSampleLabels: 5})
		require.Contains(t, got, want)
	}
}

func TestDepthIsCutAtTheLeaf(t *testing.T) {
	d := otlptest.New()
	p := d.CPU(taken, &profilespb.Sample{Values: []int64{1}, StackIndex: d.Stack(d.Location(0, 0, "leaf"), d.Location(0, 0, "middle"), d.Location(0, 0, "root"))})
	require.Contains(t, show(d.Request(nil, p), pprof.Limits{MaxStackDepth: 2}), "root;middle 1")
}

// A profile of a few bytes can refer to much: a request cannot multiply what is
// in its dictionary without end.
func TestOutputIsBounded(t *testing.T) {
	d := otlptest.New()
	stack := d.Stack(d.Location(0, 0, strings.Repeat("x", 1<<20)))
	var profiles []*profilespb.Profile
	for i := range 1000 {
		profiles = append(profiles, d.CPU(taken.Add(time.Duration(i)), &profilespb.Sample{Values: []int64{1}, StackIndex: stack}))
	}
	good, bad := 0, 0
	otlp.Each(d.Request(nil, profiles...), pprof.Limits{MaxBytes: 4 << 20}, func(_ profile.Labels, p *pprof.Profile, err error) {
		if err == nil {
			good++
			return
		}
		require.ErrorIs(t, err, pprof.ErrTooLarge)
		bad++
	})
	require.Equal(t, 63, good)
	require.Equal(t, 937, bad)
}

func TestRead(t *testing.T) {
	want := ebpf(plainResource)
	body, err := proto.Marshal(want)
	require.NoError(t, err)
	got, err := otlp.Read(body)
	require.NoError(t, err)
	require.True(t, proto.Equal(want, got))

	// OTLP writes ids of spans in hexadecimal, unlike protobuf.
	text, err := protojson.Marshal(want)
	require.NoError(t, err)
	got, err = otlp.ReadJSON(text)
	require.NoError(t, err)
	require.True(t, proto.Equal(want, got))
	hexed := strings.NewReplacer("MDEyMzQ1Njc4OWFiY2RlZg==", "30313233343536373839616263646566", "MDEyMzQ1Njc=", "3031323334353637").Replace(string(text))
	require.NotEqual(t, string(text), hexed)
	got, err = otlp.ReadJSON([]byte(strings.Replace(hexed, "{", `{"unknown":{"a":[1]},`, 1)))
	require.NoError(t, err)
	require.True(t, proto.Equal(want, got))

	for name, body := range map[string]string{
		"text": "hello", "cut": string(body[:len(body)-1]), "bad string": "\x12\x03\x2a\x01\xff", "deep": strings.Repeat("{", 100),
	} {
		_, err := otlp.Read([]byte(body))
		require.ErrorIs(t, err, otlp.ErrMalformed, name)
		_, err = otlp.ReadJSON([]byte(body))
		require.ErrorIs(t, err, otlp.ErrMalformed, name)
	}
	for _, empty := range []string{"", "{}"} {
		if empty == "" {
			got, err = otlp.Read(nil)
		} else {
			got, err = otlp.ReadJSON([]byte(empty))
		}
		require.NoError(t, err)
		require.Empty(t, show(got, pprof.DefaultLimits()))
	}
}

// Millions of empty messages fit into a few bytes.
func TestReadIsBounded(t *testing.T) {
	_, err := otlp.Read([]byte(strings.Repeat("\x0a\x00", 1<<20+1)))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
	_, err = otlp.ReadJSON([]byte(`{"resourceProfiles":[` + strings.Repeat("{},", 1<<20) + "{}]}"))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
	value := otlptest.Value("x")
	for range 100 {
		value = &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{value}}}}
	}
	body, err := proto.Marshal(otlptest.New().Request([]*commonpb.KeyValue{{Key: "deep", Value: value}}))
	require.NoError(t, err)
	_, err = otlp.Read(body)
	require.ErrorIs(t, err, otlp.ErrMalformed)
}

func FuzzEach(f *testing.F) {
	for _, r := range []*profilespb.ProfilesData{ebpf(plainResource), ebpf(func(d *otlptest.Dictionary) []*commonpb.KeyValue { return d.Indexed("service.name", "shop") })} {
		body, err := proto.Marshal(r)
		require.NoError(f, err)
		f.Add(body, false)
		text, err := protojson.Marshal(r)
		require.NoError(f, err)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		read := otlp.Read
		if asJSON {
			read = otlp.ReadJSON
		}
		data, err := read(body)
		if err != nil {
			return
		}
		limits := pprof.Limits{MaxBytes: 10000, MaxSamples: 100, MaxSampleLabels: 10, MaxStackDepth: 20, MaxSymbolBytes: 50}
		otlp.Each(data, limits, func(_ profile.Labels, p *pprof.Profile, err error) {
			if err != nil {
				return
			}
			// What comes out is a profile that can be stored and read.
			p.Normalize()
			_, err = pprof.Decode(p.AppendEncode(nil), pprof.Limits{})
			require.NoError(t, err)
		})
	})
}
