package pprof

import "github.com/pyrocumulus/pyrocumulus/shared/profile"

// Profile is a pprof in memory, in flat columns: no pointers between its parts,
// only positions in the slices. Ids of the wire form are gone; positions count
// from 0.
type Profile struct {
	SampleTypes       []profile.ValueType // one for each value of a sample
	PeriodType        profile.ValueType
	Period            int64
	TimeNanos         int64 // Unix nanoseconds; 0 if the profile does not say
	DurationNanos     int64
	DefaultSampleType string

	Strings   []string // Strings[0] is ""
	Mappings  []Mapping
	Functions []Function
	Locations []Location
	Lines     []Line // of all locations; see Location

	Samples []Sample
	Values  []int64       // len(Samples) × len(SampleTypes), sample after sample
	Stacks  []uint32      // positions in Locations, leaf first, of all samples; see Sample
	Labels  []SampleLabel // of all samples; see Sample
}

// Mapping is a part of a binary. Filename and BuildID are positions in Strings.
type Mapping struct {
	Start, Limit, Offset uint64
	Filename, BuildID    uint32
	Flags                MappingFlags
}

// MappingFlags say what is known of the symbols of a mapping.
type MappingFlags uint8

// The flags of pprof's Mapping message, fields 7 to 10.
const (
	HasFunctions MappingFlags = 1 << iota
	HasFilenames
	HasLineNumbers
	HasInlineFrames
)

// Function is a function in a source file. Name, SystemName and Filename are
// positions in Strings.
type Function struct {
	Name, SystemName, Filename uint32
	StartLine                  int64
}

// Location is an address, with a line for each function inlined there.
type Location struct {
	Address uint64
	// Mapping is the position in Mappings plus 1; 0 if it has none.
	Mapping uint32
	// The lines are Lines[FirstLine : FirstLine+NumLines], the innermost
	// (inlined) function first.
	FirstLine, NumLines uint32
	Folded              bool
}

// Line is a line of a function, given by its position in Functions.
type Line struct {
	Function uint32
	Line     int64
	Column   int64
}

// Sample is a stack trace. Its values stand in Values, at its position times
// the number of sample types.
type Sample struct {
	StackStart, StackEnd uint32 // the stack is Stacks[StackStart:StackEnd]
	LabelStart, LabelEnd uint32 // the labels are Labels[LabelStart:LabelEnd]
}

// SampleLabel is a label of a sample. Key and Value are positions in Strings;
// of a numeric label only the key is kept, with Numeric set.
type SampleLabel struct {
	Key, Value uint32
	Numeric    bool
}

// Stack returns the stack of sample i: positions in Locations, leaf first.
func (p *Profile) Stack(i int) []uint32 {
	return p.Stacks[p.Samples[i].StackStart:p.Samples[i].StackEnd]
}

// SampleValues returns the values of sample i, one for each sample type.
func (p *Profile) SampleValues(i int) []int64 {
	n := len(p.SampleTypes)
	return p.Values[i*n : (i+1)*n]
}

// SampleLabels returns the labels of sample i.
func (p *Profile) SampleLabels(i int) []SampleLabel {
	return p.Labels[p.Samples[i].LabelStart:p.Samples[i].LabelEnd]
}
