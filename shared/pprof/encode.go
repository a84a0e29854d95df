package pprof

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// AppendEncode appends the profile as a plain pprof in canonical form: fields
// in the order of their numbers, zeros left out, numbers packed, ids dense.
// Decoding it yields the profile again; of a numeric label the number is not
// there to be written.
func (p *Profile) AppendEncode(dst []byte) []byte {
	e := encoder{dst: slices.Grow(dst, p.encodedSize()), p: p}
	e.completeTable()
	for _, t := range p.SampleTypes {
		e.valueType(profileSampleType, t)
	}
	for i := range p.Samples {
		e.sample(i)
	}
	for i := range p.Mappings {
		e.mapping(i)
	}
	for i := range p.Locations {
		e.location(i)
	}
	for i := range p.Functions {
		e.function(i)
	}
	for _, s := range p.Strings {
		e.string(s)
	}
	for _, s := range e.extra {
		e.string(s)
	}
	e.number(profileTimeNanos, uint64(p.TimeNanos))
	e.number(profileDurationNanos, uint64(p.DurationNanos))
	if p.PeriodType != (profile.ValueType{}) {
		e.valueType(profilePeriodType, p.PeriodType)
	}
	e.number(profilePeriod, uint64(p.Period))
	e.number(profileDefaultSampleType, e.positionOf(p.DefaultSampleType))
	return e.dst
}

// encodedSize is about the size of the profile on the wire, rather more than
// less, so that writing it allocates once.
func (p *Profile) encodedSize() int {
	n := 256 + 16*len(p.SampleTypes) + 8*len(p.Samples) + 4*len(p.Values) + 2*len(p.Stacks) + 8*len(p.Labels) +
		64*len(p.Mappings) + 10*len(p.Locations) + 7*len(p.Lines) + 14*len(p.Functions) + 3*len(p.Strings)
	for _, s := range p.Strings {
		n += len(s)
	}
	return n
}

// typeStrings are the strings that stand in the profile as such, and on the
// wire as positions in the string table.
func (p *Profile) typeStrings(yield func(string) bool) {
	for _, t := range p.SampleTypes {
		if !yield(t.Type) || !yield(t.Unit) {
			return
		}
	}
	_ = yield(p.PeriodType.Type) && yield(p.PeriodType.Unit) && yield(p.DefaultSampleType)
}

// absent is the position of a string that is not in the table.
const absent = ^uint32(0)

// typePositions tells where the strings of the types stand in the string
// table, usually at its beginning.
func (p *Profile) typePositions() map[string]uint32 {
	positions := make(map[string]uint32, 2*len(p.SampleTypes)+3)
	for s := range p.typeStrings {
		positions[s] = absent
	}
	missing := len(positions)
	for i := 0; missing > 0 && i < len(p.Strings); i++ {
		if at, wanted := positions[p.Strings[i]]; wanted && at == absent {
			positions[p.Strings[i]] = uint32(i)
			missing--
		}
	}
	return positions
}

// completeTable finds the strings of the types, and those that the string
// table lacks: none of a decoded profile, normalized or not.
func (e *encoder) completeTable() {
	e.positions = e.p.typePositions()
	if len(e.p.Strings) == 0 {
		e.extra, e.positions[""] = []string{""}, 0
	}
	for s := range e.p.typeStrings {
		if e.positions[s] == absent {
			e.positions[s] = uint32(len(e.p.Strings) + len(e.extra))
			e.extra = append(e.extra, s)
		}
	}
}

// encoder writes the parts of a profile.
type encoder struct {
	dst       []byte
	p         *Profile
	positions map[string]uint32 // of the strings of types
	extra     []string          // behind the strings of the profile
}

func (e *encoder) uvarint(v uint64) {
	if v < 0x80 {
		e.dst = append(e.dst, byte(v))
		return
	}
	e.dst = binary.AppendUvarint(e.dst, v)
}

// number writes a field, unless it is zero, which is what a reader assumes of
// a field that is not there.
func (e *encoder) number(field int, v uint64) {
	if v != 0 {
		e.dst = append(e.dst, byte(field<<3)|byte(wireVarint))
		e.uvarint(v)
	}
}

// header writes what stands before the payload of a message, string or packed
// list.
func (e *encoder) header(field, size int) {
	e.dst = append(e.dst, byte(field<<3)|byte(wireBytes))
	e.uvarint(uint64(size))
}

func (e *encoder) string(s string) {
	e.header(profileString, len(s))
	e.dst = append(e.dst, s...)
}

// positionOf is where a string of the types stands.
func (e *encoder) positionOf(s string) uint64 { return uint64(e.positions[s]) }

func (e *encoder) valueType(field int, t profile.ValueType) {
	kind, unit := e.positionOf(t.Type), e.positionOf(t.Unit)
	e.header(field, numberSize(kind)+numberSize(unit))
	e.number(valueTypeType, kind)
	e.number(valueTypeUnit, unit)
}

// uvarintSize is the size of a number within a packed list.
func uvarintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// numberSize is what [encoder.number] writes. All fields within messages of
// ours have numbers below 16, so that the tag is one byte.
func numberSize(v uint64) int {
	if v == 0 {
		return 0
	}
	return 1 + uvarintSize(v)
}

// headerSize is what a payload takes with its header.
func headerSize(payload int) int { return 1 + uvarintSize(uint64(payload)) + payload }
