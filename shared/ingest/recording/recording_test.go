package recording_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/recording"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
	"github.com/pyrocumulus/pyrocumulus/shared/jfr/jfrtest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The ids of classes that are not events.
const (
	idInt = iota + 20
	idLong
	idBoolean
	idString
	idSymbol
	idClass
	idMethod
	idFrame
	idTrace
	idState
	firstEvent
)

// eventClasses are the classes of events and what they have beside what all
// have: their own value, and state.
func eventClasses() map[string][]string {
	return map[string][]string{
		"jdk.ExecutionSample": {"state"}, "profiler.WallClockSample": {"state", "samples"},
		"jdk.ObjectAllocationInNewTLAB": {"allocationSize", "tlabSize"}, "jdk.ObjectAllocationOutsideTLAB": {"allocationSize"},
		"jdk.ObjectAllocationSample": {"weight"}, "profiler.LiveObject": {"allocationSize"}, "profiler.Malloc": {"address", "size"},
		"profiler.Free": {"address"}, "jdk.JavaMonitorEnter": {"duration"}, "jdk.ThreadPark": {"duration"},
	}
}

// common is what all events have.
func common() []string {
	return []string{"startTime", "stackTrace", "contextId", "spanId", "spanName", "traceIdHi", "traceIdLo"}
}

// ev is an event; see eventClasses for the order of values.
type ev struct {
	class                                             string
	stack, context, span, spanName, traceHi, traceLow int64
	values                                            []int64
}

// setting is an event of settings.
type setting struct{ name, value string }

// record writes a chunk of the events, of ev and setting. The methods are
// pkg/Shop.m1 to m3; the stack trace 1 is m1 called by m2, 2 is m3, 3 is m3 cut
// off, 4 is of a method that is not known, 5 is empty.
func record(ticks int64, events ...any) []byte {
	c := jfrtest.Chunk{TicksPerSecond: ticks, Classes: classes(), Checkpoints: [][]jfrtest.Pool{constants()}}
	ids := make(map[string]int64)
	for _, class := range c.Classes {
		ids[class.Name] = class.ID
	}
	for _, x := range events {
		switch x := x.(type) {
		case setting:
			c.Events = append(c.Events, jfrtest.Event{Class: ids["jdk.ActiveSetting"], Body: func(e *jfrtest.Encoder) {
				e.UTF8(x.name)
				e.UTF8(x.value)
			}})
		case ev:
			c.Events = append(c.Events, jfrtest.Event{Class: ids[x.class], Body: func(e *jfrtest.Encoder) {
				for _, v := range append([]int64{0, x.stack, x.context, x.span, x.spanName, x.traceHi, x.traceLow}, x.values...) {
					e.Long(v)
				}
			}})
		}
	}
	return c.Append(nil)
}

func classes() []jfrtest.Class {
	out := []jfrtest.Class{
		{ID: idInt, Name: "int"}, {ID: idLong, Name: "long"}, {ID: idBoolean, Name: "boolean"}, {ID: idString, Name: "java.lang.String"},
		{ID: idSymbol, Name: "jdk.types.Symbol", Fields: []jfrtest.Field{{Name: "string", Class: idString}}},
		{ID: idClass, Name: "java.lang.Class", Fields: []jfrtest.Field{{Name: "name", Class: idSymbol, Ref: true}}},
		{ID: idMethod, Name: "jdk.types.Method", Fields: []jfrtest.Field{{Name: "type", Class: idClass, Ref: true}, {Name: "name", Class: idSymbol, Ref: true}}},
		{ID: idFrame, Name: "jdk.types.StackFrame", Fields: []jfrtest.Field{{Name: "method", Class: idMethod, Ref: true}, {Name: "lineNumber", Class: idInt}}},
		{ID: idTrace, Name: "jdk.types.StackTrace", Fields: []jfrtest.Field{{Name: "truncated", Class: idBoolean}, {Name: "frames", Class: idFrame, Array: true}}},
		{ID: idState, Name: "jdk.types.ThreadState", Fields: []jfrtest.Field{{Name: "name", Class: idString}}},
		{ID: firstEvent, Name: "jdk.ActiveSetting", Fields: []jfrtest.Field{{Name: "name", Class: idString}, {Name: "value", Class: idString}}},
	}
	for name, own := range eventClasses() {
		class := jfrtest.Class{ID: firstEvent + int64(len(out)), Name: name}
		for _, f := range append(common(), own...) {
			field := jfrtest.Field{Name: f, Class: idLong}
			switch f {
			case "stackTrace":
				field.Class, field.Ref = idTrace, true
			case "state":
				field.Class, field.Ref = idState, true
			}
			class.Fields = append(class.Fields, field)
		}
		out = append(out, class)
	}
	return out
}

// pool returns constants with the keys 1, 2, ….
func pool(class int64, constants ...func(*jfrtest.Encoder)) jfrtest.Pool {
	p := jfrtest.Pool{Class: class, Constants: constants}
	for i := range constants {
		p.Keys = append(p.Keys, int64(i+1))
	}
	return p
}

func constants() []jfrtest.Pool {
	text := func(s string) func(*jfrtest.Encoder) { return func(e *jfrtest.Encoder) { e.UTF8(s) } }
	longs := func(vs ...int64) func(*jfrtest.Encoder) {
		return func(e *jfrtest.Encoder) {
			for _, v := range vs {
				e.Long(v)
			}
		}
	}
	return []jfrtest.Pool{
		pool(idSymbol, text("pkg/Shop"), text("m1"), text("m2"), text("m3")),
		pool(idClass, longs(1)),
		pool(idMethod, longs(1, 2), longs(1, 3), longs(1, 4)),
		pool(idState, text("STATE_RUNNABLE"), text("STATE_SLEEPING"), text("STATE_DEFAULT")),
		pool(idTrace, longs(0, 2, 1, 11, 2, 22), longs(0, 1, 3, 33), longs(1, 1, 3, 33), longs(0, 1, 9, 1), longs(0, 0)),
	}
}

// show writes profiles as text.
func show(t *testing.T, data []byte, o recording.Options) string {
	r, err := recording.Read(data, o)
	require.NoError(t, err)
	var out strings.Builder
	if r.Event != "" {
		fmt.Fprintf(&out, "event %s\n", r.Event)
	}
	for _, p := range r.Profiles {
		if p.Err != nil {
			fmt.Fprintf(&out, "%s: %v\n", p.Name, p.Err)
			continue
		}
		p.Profile.Normalize()
		for _, s := range p.Profile.SampleTypes {
			fmt.Fprintf(&out, "%s ", profile.Type{Name: p.Name, Sample: s, Period: p.Profile.PeriodType})
		}
		fmt.Fprintf(&out, "%d\n", p.Profile.Period)
		lines := strings.Split(stackstest.Lines(p.Profile), "\n")
		for i := range p.Profile.Samples {
			for _, l := range p.Profile.SampleLabels(i) {
				fmt.Fprintf(&out, "%s=%s ", p.Profile.Strings[l.Key], p.Profile.Strings[l.Value])
			}
			fmt.Fprintln(&out, lines[i])
		}
	}
	return out.String()
}

func options() recording.Options {
	return recording.Options{Limits: pprof.DefaultLimits(), Rate: 100}
}

// The states of threads and stacks, see record.
const (
	runnable = 1
	sleeping = 2
)

const (
	cpuType  = "process_cpu:cpu:nanoseconds:cpu:nanoseconds 10000000\n"
	wallType = "wall:wall:nanoseconds:wall:nanoseconds 10000000\n"
)

// cpuSamples are of a running and a sleeping thread.
func cpuSamples() []any {
	return []any{
		ev{class: "jdk.ExecutionSample", stack: 1, values: []int64{runnable}}, ev{class: "jdk.ExecutionSample", stack: 1, values: []int64{3}},
		ev{class: "jdk.ExecutionSample", stack: 2, values: []int64{sleeping}},
		ev{class: "profiler.WallClockSample", stack: 1, values: []int64{runnable, 3}}, ev{class: "profiler.WallClockSample", stack: 2, values: []int64{sleeping, 5}},
	}
}

func TestTime(t *testing.T) {
	require.Equal(t, cpuType+"pkg/Shop.m2;pkg/Shop.m1 20000000\n"+
		wallType+"pkg/Shop.m2;pkg/Shop.m1 30000000\npkg/Shop.m3 50000000\n", show(t, record(1e9, cpuSamples()...), options()))

	// Set to wall, wherever the setting stands.
	require.Equal(t, "event wall\n"+cpuType+"pkg/Shop.m2;pkg/Shop.m1 50000000\n"+
		wallType+"pkg/Shop.m2;pkg/Shop.m1 50000000\npkg/Shop.m3 60000000\n",
		show(t, record(1e9, append(cpuSamples(), setting{"event", "wall"})...), options()))

	// Wall time beside CPU time, by its own interval.
	require.Equal(t, "event itimer\n"+cpuType+"pkg/Shop.m2;pkg/Shop.m1 20000000\n"+
		"wall:wall:nanoseconds:wall:nanoseconds 100\npkg/Shop.m2;pkg/Shop.m1 300\npkg/Shop.m3 500\n",
		show(t, record(1e9, append(cpuSamples(), setting{"event", "itimer"}, setting{"wall", "100"})...), options()))

	o := options()
	o.Rate = 0
	require.Equal(t, "process_cpu:samples:count:: 0\npkg/Shop.m2;pkg/Shop.m1 2\n"+
		"wall:samples:count:: 0\npkg/Shop.m2;pkg/Shop.m1 3\npkg/Shop.m3 5\n", show(t, record(1e9, cpuSamples()...), o))
}

func TestOtherEvents(t *testing.T) {
	var events []any
	for _, e := range []ev{
		{class: "jdk.ObjectAllocationInNewTLAB", values: []int64{10, 1000}}, {class: "jdk.ObjectAllocationOutsideTLAB", values: []int64{20}},
		{class: "jdk.ObjectAllocationSample", values: []int64{30}}, {class: "profiler.LiveObject", values: []int64{40}},
		{class: "profiler.Malloc", values: []int64{1, 50}}, {class: "profiler.Free", values: []int64{1}},
		{class: "jdk.JavaMonitorEnter", values: []int64{60}}, {class: "jdk.ThreadPark", values: []int64{math.MaxInt64}},
	} {
		e.stack = 1
		events = append(events, e, e)
	}
	const stack = "pkg/Shop.m2;pkg/Shop.m1 2"
	require.Equal(t, "memory:alloc_in_new_tlab_objects:count:space:bytes memory:alloc_in_new_tlab_bytes:bytes:space:bytes 0\n"+stack+" 2000\n"+
		"memory:alloc_outside_tlab_objects:count:space:bytes memory:alloc_outside_tlab_bytes:bytes:space:bytes 0\n"+stack+" 40\n"+
		"memory:alloc_sample_objects:count:space:bytes memory:alloc_sample_bytes:bytes:space:bytes 0\n"+stack+" 60\n"+
		"memory:live:count:objects:count 0\n"+stack+"\n"+
		"memory:malloc_objects:count:: memory:malloc_bytes:bytes:: 0\n"+stack+" 100\n"+
		"mutex:contentions:count:mutex:count mutex:delay:nanoseconds:mutex:count 0\n"+stack+" 60000\n"+
		"block:contentions:count:block:count block:delay:nanoseconds:block:count 0\n"+stack+" 9223372036854775807\n",
		show(t, record(2e6, events...), options()))
}

func TestStacks(t *testing.T) {
	sample := func(stack int64) ev { return ev{class: "jdk.ExecutionSample", stack: stack, values: []int64{runnable}} }
	// Of two chunks, and of stacks that are not there.
	data := append(record(1e9, sample(3), sample(4), sample(5), sample(6), sample(0)), record(1e9, sample(3), sample(1))...)
	require.Equal(t, cpuType+"[truncated];pkg/Shop.m3 20000000\npkg/Shop.m2;pkg/Shop.m1 10000000\n", show(t, data, options()))

	r, err := recording.Read(record(1e9, sample(1)), options())
	require.NoError(t, err)
	p := r.Profiles[0].Profile
	require.EqualValues(t, 11, p.Lines[p.Locations[p.Stack(0)[0]].FirstLine].Line)

	o := options()
	o.Limits.MaxStackDepth = 1
	require.Equal(t, cpuType+"[truncated] 20000000\npkg/Shop.m2 10000000\n", show(t, data, o))
}

func TestLimits(t *testing.T) {
	sample := func(stack, span int64) ev {
		return ev{class: "jdk.ExecutionSample", stack: stack, span: span, values: []int64{runnable}}
	}
	data := record(1e9, sample(1, 0), sample(1, 1), sample(1, 2), ev{class: "profiler.LiveObject", stack: 2, values: []int64{1}}, sample(1, 0))
	o := options()
	o.Limits.MaxSamples = 2
	require.Equal(t, "process_cpu: profile too large: 3 samples, limit MaxSamples is 2\nmemory:live:count:objects:count 0\npkg/Shop.m3 1\n", show(t, data, o))
	o = options()
	o.Limits.MaxBytes = 60
	require.Contains(t, show(t, data, o), "process_cpu: profile too large")
	o.Limits.MaxBytes = 4
	_, err := recording.Read(data, o)
	require.ErrorIs(t, err, pprof.ErrTooLarge)
	_, err = recording.Read(data[:len(data)-1], options())
	require.ErrorIs(t, err, jfr.ErrMalformed)
}

// mapEntry writes an entry of a map.
func mapEntry(to []byte, field protowire.Number, key int64, value any) []byte {
	entry := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(key))
	switch v := value.(type) {
	case int64:
		entry = protowire.AppendVarint(protowire.AppendTag(entry, 2, protowire.VarintType), uint64(v))
	case string:
		entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), v)
	case []byte:
		entry = protowire.AppendBytes(protowire.AppendTag(entry, 2, protowire.BytesType), v)
	}
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), entry)
}

// snapshot has two contexts of the same labels, 7 and 8, and one of others, 9.
func snapshot() []byte {
	shop := mapEntry(mapEntry(nil, 1, 1, int64(2)), 1, 3, int64(4))
	pohs := mapEntry(mapEntry(nil, 1, 3, int64(4)), 1, 1, int64(2))
	out := mapEntry(mapEntry(mapEntry(nil, 1, 7, shop), 1, 8, pohs), 1, 9, mapEntry(nil, 1, 1, int64(4)))
	for key, s := range []string{1: "route", 2: "/cart", 3: "user", 4: "anna", 5: "GET /cart"} {
		out = mapEntry(out, 2, int64(key), s)
	}
	return out
}

func TestLabels(t *testing.T) {
	sample := func(context, span, spanName, traceHi, traceLow int64) ev {
		return ev{"jdk.ExecutionSample", 2, context, span, spanName, traceHi, traceLow, []int64{runnable}}
	}
	data := record(1e9, sample(7, 0, 0, 0, 0), sample(8, 0, 0, 0, 0), sample(9, 0, 0, 0, 0), sample(99, 0, 0, 0, 0),
		sample(0, -1, 5, 0, 0), sample(0, 0xabc, 99, 1, 2))
	spans := "span_id=ffffffffffffffff span_name=GET /cart pkg/Shop.m3 10000000\n" +
		"span_id=0000000000000abc trace_id=00000000000000010000000000000002 pkg/Shop.m3 10000000\n"
	var err error
	o := options()
	o.Labels, err = recording.ReadLabels(snapshot())
	require.NoError(t, err)
	require.Equal(t, cpuType+"route=/cart user=anna pkg/Shop.m3 20000000\nroute=anna pkg/Shop.m3 10000000\npkg/Shop.m3 10000000\n"+spans, show(t, data, o))

	// Contexts of the same labels are one sample before it is counted.
	o.Limits.MaxSamples = 5
	require.Equal(t, cpuType, show(t, data, o)[:len(cpuType)])

	o.Labels = nil
	require.Equal(t, cpuType+"pkg/Shop.m3 40000000\n"+strings.Replace(spans, "span_name=GET /cart ", "", 1), show(t, data, o))
}

func TestBadLabels(t *testing.T) {
	good := snapshot()
	bad := 0
	for i := range good {
		if _, err := recording.ReadLabels(good[:i]); err != nil {
			bad++
			require.ErrorIs(t, err, recording.ErrLabels)
		}
	}
	require.Greater(t, bad, len(good)/2)
	_, err := recording.ReadLabels(make([]byte, recording.MaxLabelsBytes+1))
	require.ErrorIs(t, err, recording.ErrLabels)
}

func FuzzRead(f *testing.F) {
	f.Add(record(1e9, append(cpuSamples(), setting{"event", "wall"})...), snapshot())
	f.Fuzz(func(t *testing.T, data, labels []byte) {
		o := options()
		if ls, err := recording.ReadLabels(labels); err == nil {
			o.Labels = ls
		}
		r, err := recording.Read(data, o)
		if err != nil {
			return
		}
		for _, p := range r.Profiles {
			if p.Err == nil {
				p.Profile.Normalize()
				_, err := pprof.Decode(p.Profile.AppendEncode(nil), pprof.Limits{})
				if len(p.Profile.Samples) > 0 {
					require.NoError(t, err)
				}
			}
		}
	})
}
