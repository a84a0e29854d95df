package query

import (
	"math"
	"strings"

	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// renderPprof writes a sum of profiles as a pprof with one sample type, that of
// the query. It holds nothing that no sample refers to; without samples it is
// empty. Its time is the end of the time asked for, and its duration all of it.
func renderPprof(m *engine.Merged, q *stackQuery) *googlev1.Profile {
	order := orderStacks(m.Table, m.Values)
	if order.totals[0] == 0 {
		return &googlev1.Profile{}
	}
	others := order.cut(m.Table.Stacks.Parents, q.maxNodes)
	w := newPprofWriter(m.Table)
	w.header(q.query.Type, q.times)
	for _, n := range append([]int32{0}, order.nodes...) {
		if int(n) < len(m.Values) && m.Values[n] != 0 {
			w.sample(w.stack(n, nil), m.Values[n])
		}
		if v := others[n]; v != 0 {
			w.sample(w.stack(n, []uint64{w.otherLocation()}), v)
		}
	}
	return w.out
}

// pprofWriter copies what samples refer to into a pprof.
type pprofWriter struct {
	from *symtab.Table
	out  *googlev1.Profile

	strings map[string]int64
	// Ids in out by position in from; 0 is what has none yet.
	functions, mappings, locations []uint64
	other                          uint64 // id of the location of what was cut off
}

func newPprofWriter(from *symtab.Table) *pprofWriter {
	return &pprofWriter{
		from: from, out: &googlev1.Profile{StringTable: []string{""}}, strings: map[string]int64{"": 0},
		functions: make([]uint64, len(from.Functions)), mappings: make([]uint64, len(from.Mappings)),
		locations: make([]uint64, len(from.Locations)),
	}
}

func (w *pprofWriter) header(t profile.Type, r timeRange) {
	w.out.SampleType = []*googlev1.ValueType{w.valueType(t.Sample)}
	w.out.DefaultSampleType = w.string(t.Sample.Type)
	if t.Period != (profile.ValueType{}) {
		w.out.PeriodType = w.valueType(t.Period)
	}
	clamp := func(ms int64) int64 { return min(max(ms, 0), math.MaxInt64/nanosPerMilli) * nanosPerMilli }
	w.out.TimeNanos = clamp(r.end)
	w.out.DurationNanos = w.out.TimeNanos - clamp(r.start)
}

func (w *pprofWriter) valueType(t profile.ValueType) *googlev1.ValueType {
	return &googlev1.ValueType{Type: w.string(t.Type), Unit: w.string(t.Unit)}
}

func (w *pprofWriter) string(s string) int64 {
	id, ok := w.strings[s]
	if !ok {
		id = int64(len(w.out.StringTable))
		// Protobuf cannot carry other text.
		w.out.StringTable = append(w.out.StringTable, strings.ToValidUTF8(s, "\uFFFD"))
		w.strings[s] = id
	}
	return id
}

func (w *pprofWriter) sample(locations []uint64, value int64) {
	w.out.Sample = append(w.out.Sample, &googlev1.Sample{LocationId: locations, Value: []int64{value}})
}

// stack appends the locations of a node, leaf first.
func (w *pprofWriter) stack(n int32, to []uint64) []uint64 {
	for ; n > 0; n = w.from.Stacks.Parents[n] {
		to = append(to, w.location(w.from.Stacks.Locations[n]))
	}
	return to
}

func (w *pprofWriter) location(i int32) uint64 {
	if w.locations[i] != 0 {
		return w.locations[i]
	}
	l := &w.from.Locations[i]
	out := &googlev1.Location{Address: l.Address, IsFolded: l.Folded}
	if l.Mapping != 0 {
		out.MappingId = w.mapping(l.Mapping - 1)
	}
	for _, line := range w.from.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
		out.Line = append(out.Line, &googlev1.Line{FunctionId: w.function(line.Function), Line: line.Line})
	}
	w.locations[i] = w.addLocation(out)
	return w.locations[i]
}

func (w *pprofWriter) addLocation(l *googlev1.Location) uint64 {
	l.Id = uint64(len(w.out.Location) + 1)
	w.out.Location = append(w.out.Location, l)
	return l.Id
}

func (w *pprofWriter) function(i uint32) uint64 {
	if w.functions[i] == 0 {
		f := &w.from.Functions[i]
		w.functions[i] = w.addFunction(&googlev1.Function{
			Name: w.string(w.from.Strings[f.Name]), SystemName: w.string(w.from.Strings[f.SystemName]),
			Filename: w.string(w.from.Strings[f.File]), StartLine: f.StartLine,
		})
	}
	return w.functions[i]
}

func (w *pprofWriter) addFunction(f *googlev1.Function) uint64 {
	f.Id = uint64(len(w.out.Function) + 1)
	w.out.Function = append(w.out.Function, f)
	return f.Id
}

func (w *pprofWriter) mapping(i uint32) uint64 {
	if w.mappings[i] == 0 {
		m := &w.from.Mappings[i]
		w.out.Mapping = append(w.out.Mapping, &googlev1.Mapping{
			Id:          uint64(len(w.out.Mapping) + 1),
			MemoryStart: m.Start, MemoryLimit: m.Limit, FileOffset: m.Offset,
			Filename: w.string(w.from.Strings[m.Binary]), BuildId: w.string(w.from.Strings[m.BuildID]),
			HasFunctions:    m.Flags&pprof.HasFunctions != 0,
			HasFilenames:    m.Flags&pprof.HasFilenames != 0,
			HasLineNumbers:  m.Flags&pprof.HasLineNumbers != 0,
			HasInlineFrames: m.Flags&pprof.HasInlineFrames != 0,
		})
		w.mappings[i] = uint64(len(w.out.Mapping))
	}
	return w.mappings[i]
}

// otherLocation is the location that stands for what was cut off, as the node
// of this name does in flame graphs.
func (w *pprofWriter) otherLocation() uint64 {
	if w.other == 0 {
		name := w.string(flamegraph.OtherName)
		f := w.addFunction(&googlev1.Function{Name: name, SystemName: name})
		w.other = w.addLocation(&googlev1.Location{Line: []*googlev1.Line{{FunctionId: f}}})
	}
	return w.other
}
