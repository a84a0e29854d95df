// Package stacks builds profiles from stacks of named frames, as the text and
// tree formats bring them: one value a stack, nothing known but names, files
// and lines.
//
// What is built may be much larger than what it is built from, since such
// formats share the beginnings of stacks. So everything is counted while it is
// added, and a builder refuses what would become larger than the limits, which
// also bounds its memory.
package stacks

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Frame is a place in a program. Only the name has to be known.
type Frame struct {
	Name, File string
	Line       int64
}

// FrameID names a frame of one builder.
type FrameID uint32

// Builder gathers stacks. The values of equal stacks are added.
type Builder struct {
	limits pprof.Limits
	p      pprof.Profile
	size   int64 // about what the profile takes as a pprof, rather less than more

	strings map[string]uint32
	frames  map[Frame]FrameID
	named   map[string]FrameID // those that Named returned, by name as it was given
	// first holds, by hash, the samples plus 1 whose stacks begin a chain, and
	// next the further ones.
	first map[uint64]uint32
	next  []uint32
	hash  []byte // of a stack
}

// NewBuilder returns an empty builder of a profile within limits.
func NewBuilder(limits pprof.Limits) *Builder {
	return &Builder{
		limits:  limits,
		p:       pprof.Profile{Strings: []string{""}},
		strings: map[string]uint32{"": 0},
		frames:  make(map[Frame]FrameID),
		named:   make(map[string]FrameID),
		first:   make(map[uint64]uint32),
	}
}

// MaxDepth is how many frames of a stack count, from the root on; what a parser
// adds behind them is dropped.
func (b *Builder) MaxDepth() int {
	if b.limits.MaxStackDepth > 0 {
		return b.limits.MaxStackDepth
	}
	return math.MaxInt32
}

// Frame returns the id of a frame. Of names that are too long the end is kept,
// as in pprof.Limits.
func (b *Builder) Frame(f Frame) FrameID {
	f.Name, f.File = b.symbol(f.Name), b.symbol(f.File)
	if id, ok := b.frames[f]; ok {
		return id
	}
	name, file := b.string(f.Name), b.string(f.File)
	f.Name, f.File = b.p.Strings[name], b.p.Strings[file]
	at := uint32(len(b.p.Locations))
	b.p.Functions = append(b.p.Functions, pprof.Function{Name: name, SystemName: name, Filename: file})
	b.p.Lines = append(b.p.Lines, pprof.Line{Function: at, Line: f.Line})
	b.p.Locations = append(b.p.Locations, pprof.Location{FirstLine: at, NumLines: 1})
	b.frames[f] = FrameID(at)
	b.size += minFrameBytes
	return FrameID(at)
}

// Named returns the id of a frame that only has a name. It is cheaper than Frame.
func (b *Builder) Named(name []byte) FrameID {
	if most := b.limits.MaxSymbolBytes; most > 0 && len(name) > most {
		name = name[len(name)-most:]
	}
	id, ok := b.named[string(name)]
	if !ok {
		id = b.Frame(Frame{Name: string(name)})
		b.named[string(name)] = id
	}
	return id
}

// The fewest bytes that a location with its function, and a sample, take in a
// pprof.
const (
	minFrameBytes  = 16
	minSampleBytes = 6
)

func (b *Builder) symbol(s string) string {
	if most := b.limits.MaxSymbolBytes; most > 0 && len(s) > most {
		s = s[len(s)-most:]
	}
	return strings.ToValidUTF8(s, "\uFFFD") // anything else could not be stored
}

func (b *Builder) string(s string) uint32 {
	if at, ok := b.strings[s]; ok {
		return at
	}
	at := uint32(len(b.p.Strings))
	s = strings.Clone(s) // it must not hold on to the whole input
	b.p.Strings = append(b.p.Strings, s)
	b.strings[s] = at
	b.size += int64(len(s)) + 2
	return at
}

// Add adds a value to a stack, given from the root to the leaf. A stack without
// frames counts for nothing, and neither does a value of 0 or less. The error is
// a *pprof.LimitError: the profile is too large, and the builder of no more use.
func (b *Builder) Add(stack []FrameID, value int64) error {
	if len(stack) == 0 || value <= 0 {
		return b.check()
	}
	stack = stack[:min(len(stack), b.MaxDepth())]
	sum := b.sum(stack)
	for at := b.first[sum]; at != 0; at = b.next[at-1] {
		if b.same(int(at-1), stack) {
			b.p.Values[at-1] = add(b.p.Values[at-1], value)
			return nil
		}
	}
	start := uint32(len(b.p.Stacks))
	for _, f := range slices.Backward(stack) {
		b.p.Stacks = append(b.p.Stacks, uint32(f))
	}
	b.p.Samples = append(b.p.Samples, pprof.Sample{StackStart: start, StackEnd: uint32(len(b.p.Stacks))})
	b.p.Values = append(b.p.Values, value)
	b.next = append(b.next, b.first[sum])
	b.first[sum] = uint32(len(b.p.Samples))
	b.size += int64(len(stack)) + minSampleBytes
	return b.check()
}

func (b *Builder) sum(stack []FrameID) uint64 {
	b.hash = b.hash[:0]
	for _, f := range stack {
		b.hash = binary.LittleEndian.AppendUint32(b.hash, uint32(f))
	}
	return xxhash.Sum64(b.hash)
}

// same reports whether the stack of a sample, leaf first, is this one.
func (b *Builder) same(sample int, stack []FrameID) bool {
	leafFirst := b.p.Stack(sample)
	if len(leafFirst) != len(stack) {
		return false
	}
	for i, f := range stack {
		if leafFirst[len(leafFirst)-1-i] != uint32(f) {
			return false
		}
	}
	return true
}

// add adds values above 0, up to the largest.
func add(x, y int64) int64 {
	if x > math.MaxInt64-y {
		return math.MaxInt64
	}
	return x + y
}

func (b *Builder) check() error {
	if most := b.limits.MaxSamples; most > 0 && len(b.p.Samples) > most {
		return &pprof.LimitError{Limit: "MaxSamples", What: "samples", Actual: int64(len(b.p.Samples)), Max: int64(most)}
	}
	most := b.limits.MaxBytes
	if most <= 0 || most > math.MaxInt32 { // what positions can address
		most = math.MaxInt32
	}
	if b.size > most {
		return &pprof.LimitError{Limit: "MaxBytes", What: "bytes as a pprof", Actual: b.size, Max: most}
	}
	return nil
}

// Profile returns what was added, as values of one type. The builder is of no
// more use.
func (b *Builder) Profile(sample, period profile.ValueType) *pprof.Profile {
	b.p.SampleTypes, b.p.PeriodType = []profile.ValueType{sample}, period
	return &b.p
}
