// Package otlptest makes OTLP requests as collectors send them, for tests.
package otlptest

import (
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// Dictionary is a dictionary in the making.
type Dictionary struct {
	profilespb.ProfilesDictionary
	strings map[string]int32
}

// New returns a dictionary whose tables begin with an empty item, as the
// protocol wants it.
func New() *Dictionary {
	d := &Dictionary{strings: map[string]int32{"": 0}}
	d.StringTable = []string{""}
	d.MappingTable = []*profilespb.Mapping{{}}
	d.LocationTable = []*profilespb.Location{{}}
	d.FunctionTable = []*profilespb.Function{{}}
	d.LinkTable = []*profilespb.Link{{}}
	d.AttributeTable = []*profilespb.KeyValueAndUnit{{}}
	d.StackTable = []*profilespb.Stack{{}}
	return d
}

// String returns the index of a string.
func (d *Dictionary) String(s string) int32 {
	i, ok := d.strings[s]
	if !ok {
		i = int32(len(d.StringTable))
		d.StringTable = append(d.StringTable, s)
		d.strings[s] = i
	}
	return i
}

// Type is a type and its unit.
func (d *Dictionary) Type(name, unit string) *profilespb.ValueType {
	return &profilespb.ValueType{TypeStrindex: d.String(name), UnitStrindex: d.String(unit)}
}

// Attribute adds an attribute, whose value is a string, an int or a bool, and
// returns its index.
func (d *Dictionary) Attribute(key string, value any) int32 {
	d.AttributeTable = append(d.AttributeTable, &profilespb.KeyValueAndUnit{KeyStrindex: d.String(key), Value: Value(value)})
	return int32(len(d.AttributeTable) - 1)
}

// Link adds a link and returns its index.
func (d *Dictionary) Link(trace, span []byte) int32 {
	d.LinkTable = append(d.LinkTable, &profilespb.Link{TraceId: trace, SpanId: span})
	return int32(len(d.LinkTable) - 1)
}

// Mapping adds a mapping at an address and returns its index.
func (d *Dictionary) Mapping(file string, start uint64, attributes ...int32) int32 {
	d.MappingTable = append(d.MappingTable, &profilespb.Mapping{
		MemoryStart: start, MemoryLimit: start + 0x1000, FilenameStrindex: d.String(file), AttributeIndices: attributes,
	})
	return int32(len(d.MappingTable) - 1)
}

// Location adds a location with a line for each function, the innermost first,
// and returns its index.
func (d *Dictionary) Location(mapping int32, address uint64, functions ...string) int32 {
	l := &profilespb.Location{MappingIndex: mapping, Address: address}
	for i, f := range functions {
		d.FunctionTable = append(d.FunctionTable, &profilespb.Function{NameStrindex: d.String(f), FilenameStrindex: d.String("main.go")})
		l.Lines = append(l.Lines, &profilespb.Line{FunctionIndex: int32(len(d.FunctionTable) - 1), Line: int64(i + 1)})
	}
	d.LocationTable = append(d.LocationTable, l)
	return int32(len(d.LocationTable) - 1)
}

// Stack adds a stack of locations, the leaf first, and returns its index.
func (d *Dictionary) Stack(locations ...int32) int32 {
	d.StackTable = append(d.StackTable, &profilespb.Stack{LocationIndices: locations})
	return int32(len(d.StackTable) - 1)
}

// CPU is a profile of a hundred samples a second, taken at t.
func (d *Dictionary) CPU(t time.Time, samples ...*profilespb.Sample) *profilespb.Profile {
	return &profilespb.Profile{
		SampleType: d.Type("samples", "count"), PeriodType: d.Type("cpu", "nanoseconds"), Period: 1e7,
		TimeUnixNano: uint64(t.UnixNano()), DurationNano: 5e9, Samples: samples,
	}
}

// Request puts profiles of one resource into a request.
func (d *Dictionary) Request(attributes []*commonpb.KeyValue, profiles ...*profilespb.Profile) *profilespb.ProfilesData {
	return &profilespb.ProfilesData{
		Dictionary: &d.ProfilesDictionary,
		ResourceProfiles: []*profilespb.ResourceProfiles{{
			Resource: &resourcepb.Resource{Attributes: attributes},
			ScopeProfiles: []*profilespb.ScopeProfiles{{
				Scope:    &commonpb.InstrumentationScope{Name: "profiler", Attributes: Attributes("scope.kind", "ebpf")},
				Profiles: profiles,
			}},
		}},
	}
}

// Value is an attribute's value: of a string, an int or a bool.
func Value(v any) *commonpb.AnyValue {
	switch x := v.(type) {
	case string:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: x}}
	case int:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: int64(x)}}
	case bool:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: x}}
	}
	panic("BUG: no such value")
}

// Attributes are attributes as pairs of key and value.
func Attributes(pairs ...any) []*commonpb.KeyValue {
	var out []*commonpb.KeyValue
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &commonpb.KeyValue{Key: pairs[i].(string), Value: Value(pairs[i+1])})
	}
	return out
}

// Indexed are attributes whose keys and strings stand in the dictionary.
func (d *Dictionary) Indexed(pairs ...string) []*commonpb.KeyValue {
	var out []*commonpb.KeyValue
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &commonpb.KeyValue{
			KeyStrindex: d.String(pairs[i]),
			Value:       &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValueStrindex{StringValueStrindex: d.String(pairs[i+1])}},
		})
	}
	return out
}
