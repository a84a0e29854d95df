// Package blocktest makes random profiles, and what is true of them, for the
// tests of whatever writes, merges and reads blocks.
package blocktest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Pushed is a profile as it comes to a block.
type Pushed struct {
	Labels  profile.Labels
	ID      profile.ID
	Profile *pprof.Profile
}

// Start is the time of the earliest profile that Random makes, Unix
// nanoseconds.
const Start = 1_750_000_000_000_000_000

// kinds are the shapes of random profiles: one with more sample types than a
// block has value columns, and two of one name that differ in their types.
var kinds = []struct {
	name   string
	period profile.ValueType
	types  []profile.ValueType
}{
	{"process_cpu", profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, []profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}},
	{"memory", profile.ValueType{Type: "space", Unit: "bytes"}, []profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}}},
	{"memory", profile.ValueType{Type: "space", Unit: "bytes"}, []profile.ValueType{{Type: "alloc_space", Unit: "bytes"}}},
	{"many", profile.ValueType{}, []profile.ValueType{{Type: "a", Unit: "u"}, {Type: "b", Unit: "u"}, {Type: "c", Unit: "u"}, {Type: "d", Unit: "u"}, {Type: "e", Unit: "u"}, {Type: "f", Unit: "u"}}},
}

// Random returns n random profiles of a few services and pods within the
// minutes given, from Start on.
func Random(r *rand.Rand, n, minutes int) []Pushed {
	out := make([]Pushed, 0, n)
	for len(out) < n {
		k := kinds[r.IntN(len(kinds))]
		ls := profile.NewLabels(
			profile.LabelName, k.name,
			profile.LabelServiceName, fmt.Sprintf("service-%d", r.IntN(3)),
			"pod", fmt.Sprintf("pod-%d", r.IntN(4)),
		)
		p := randomProfile(r)
		p.SampleTypes, p.PeriodType = k.types, k.period
		p.TimeNanos = Start + r.Int64N(int64(minutes)*60e9)
		p.Period, p.DurationNanos = int64(r.IntN(3)), int64(r.IntN(1e9))
		for range len(p.Samples) * len(k.types) {
			// Now and then 0: a value that is not there.
			p.Values = append(p.Values, max(0, r.Int64N(1<<r.IntN(40))-1))
		}
		p.Normalize()
		if len(p.Samples) == 0 {
			continue // all values were 0
		}
		var id profile.ID
		for j := range id {
			id[j] = byte(r.Uint32())
		}
		out = append(out, Pushed{ls, id, p})
	}
	return out
}

// randomProfile returns a profile without types and values.
func randomProfile(r *rand.Rand) *pprof.Profile {
	p := &pprof.Profile{Strings: []string{""}}
	str := func(s string) uint32 {
		for i, x := range p.Strings {
			if x == s {
				return uint32(i)
			}
		}
		p.Strings = append(p.Strings, s)
		return uint32(len(p.Strings) - 1)
	}
	p.Mappings = []pprof.Mapping{
		{Start: 0x400000, Limit: 0x500000, Filename: str("/bin/app"), BuildID: str("abc"), Flags: pprof.HasFunctions},
		{Start: 0x7f0000, Limit: 0x7f8000, Offset: 0x100, Filename: str("/lib/libc.so.6")},
	}
	for i := range 8 {
		name := str(fmt.Sprintf("main.f%d", i))
		p.Functions = append(p.Functions, pprof.Function{Name: name, SystemName: name, Filename: str("main.go"), StartLine: int64(10 * i)})
	}
	for i := range 12 {
		l := pprof.Location{Mapping: 1, FirstLine: uint32(len(p.Lines))}
		switch {
		case i == 10: // not symbolised
			l.Mapping, l.Address = 2, 0x7f1234
		case i == 11: // no mapping, no symbols
			l.Mapping, l.Address = 0, 0x99
		default:
			for range 1 + r.IntN(2) {
				p.Lines = append(p.Lines, pprof.Line{Function: uint32(r.IntN(len(p.Functions))), Line: int64(r.IntN(3))})
			}
		}
		l.NumLines = uint32(len(p.Lines)) - l.FirstLine
		p.Locations = append(p.Locations, l)
	}
	for range 1 + r.IntN(12) {
		s := pprof.Sample{StackStart: uint32(len(p.Stacks)), LabelStart: uint32(len(p.Labels))}
		for range r.IntN(6) {
			p.Stacks = append(p.Stacks, uint32(r.IntN(len(p.Locations))))
		}
		if r.IntN(4) == 0 {
			p.Labels = append(p.Labels, pprof.SampleLabel{Key: str("endpoint"), Value: str(fmt.Sprintf("/e%d", r.IntN(2)))})
		}
		if r.IntN(4) == 0 {
			p.Labels = append(p.Labels, pprof.SampleLabel{Key: str("span_id"), Value: str(fmt.Sprintf("%016x", 1+r.IntN(3)))})
		}
		s.StackEnd, s.LabelEnd = uint32(len(p.Stacks)), uint32(len(p.Labels))
		p.Samples = append(p.Samples, s)
	}
	return p
}

// Row is one value of one stack trace of one series of a profile: all that a
// flame graph can be computed from.
type Row struct {
	Labels    profile.Labels // of the series
	Type      profile.Type
	TimeNanos int64
	Span      uint64
	Stack     string // function names from root to leaf, divided by ";"
	Value     int64
}

// Rows returns the truth about profiles, in plain form.
func Rows(pushed []Pushed) []Row {
	var out []Row
	for _, x := range pushed {
		p := x.Profile
		for i := range p.Samples {
			ls := x.Labels
			for _, l := range p.SampleLabels(i) {
				if name := p.Strings[l.Key]; name != profile.LabelSpanID {
					ls = ls.With(name, p.Strings[l.Value])
				}
			}
			for v, t := range p.SampleTypes {
				out = append(out, Row{
					Labels: ls, Type: profile.Type{Name: ls.Get(profile.LabelName), Sample: t, Period: p.PeriodType},
					TimeNanos: p.TimeNanos, Span: p.SpanID(i), Stack: stackOf(p, i), Value: p.SampleValues(i)[v],
				})
			}
		}
	}
	return out
}

func stackOf(p *pprof.Profile, sample int) string {
	var names []string
	stack := p.Stack(sample)
	for i := len(stack) - 1; i >= 0; i-- {
		l := &p.Locations[stack[i]]
		for j := int(l.NumLines) - 1; j >= 0; j-- {
			f := p.Functions[p.Lines[int(l.FirstLine)+j].Function]
			names = append(names, p.Strings[f.Name])
		}
		if l.NumLines == 0 {
			name := fmt.Sprintf("0x%x", l.Address)
			if l.Mapping != 0 {
				file := p.Strings[p.Mappings[l.Mapping-1].Filename]
				name = file[strings.LastIndex(file, "/")+1:] + "+" + name
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, ";")
}

// Objects is an object store of what was put into the map.
type Objects map[string][]byte

// Get implements objstore.Reader.
func (o Objects) Get(_ context.Context, key string) ([]byte, error) {
	b, ok := o[key]
	if !ok {
		return nil, objstore.ErrNotExist
	}
	return b, nil
}

// GetRange implements objstore.Reader.
func (o Objects) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	b, err := o.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if offset < 0 || length <= 0 || offset+length > int64(len(b)) {
		return nil, objstore.ErrRange
	}
	return b[offset : offset+length], nil
}

// Put implements block.Put.
func (o Objects) Put(_ context.Context, key string, object []byte) error {
	o[key] = append([]byte(nil), object...)
	return nil
}
