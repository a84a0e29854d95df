package recording

import (
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// family is the events of one kind on their way to a profile.
type family struct {
	limits pprof.Limits
	values int // of a sample
	p      pprof.Profile
	size   int64 // about what the profile takes as a pprof, rather less than more
	err    error // it is too large

	index map[sampleKey]uint32 // the samples of this chunk
	// What the recording's functions and locations are in the profile, plus 1.
	functions, locations []uint32
	texts                map[string]uint32 // of labels
}

// sampleKey tells the samples of a chunk apart. All are keys of the chunk, but
// set, which is one of Labels.
type sampleKey struct {
	stack                               int64
	set                                 uint32
	span, spanName, traceHigh, traceLow int64
}

// label is a label of a sample.
type label struct{ name, value string }

func newFamily(limits pprof.Limits, values int) *family {
	return &family{
		limits: limits, values: values, p: pprof.Profile{Strings: []string{""}},
		index: make(map[sampleKey]uint32), texts: make(map[string]uint32),
	}
}

// The fewest bytes that parts take in a pprof.
const (
	minFunctionBytes = 6
	minLocationBytes = 8
	minSampleBytes   = 6
	minLabelBytes    = 6
)

// sample adds a sample without values, of a stack of the recording's locations,
// and returns its number.
func (f *family) sample(from *symbols, stack []uint32, labels []label) uint32 {
	s := pprof.Sample{StackStart: uint32(len(f.p.Stacks)), LabelStart: uint32(len(f.p.Labels))}
	for _, at := range stack {
		f.p.Stacks = append(f.p.Stacks, f.location(from, at))
	}
	for _, l := range labels {
		f.p.Labels = append(f.p.Labels, pprof.SampleLabel{Key: f.text(l.name), Value: f.text(l.value)})
	}
	s.StackEnd, s.LabelEnd = uint32(len(f.p.Stacks)), uint32(len(f.p.Labels))
	f.p.Samples = append(f.p.Samples, s)
	f.p.Values = append(f.p.Values, make([]int64, f.values)...)
	f.size += minSampleBytes + int64(len(stack)) + minLabelBytes*int64(len(labels))
	f.check(len(labels))
	return uint32(len(f.p.Samples) - 1)
}

// count adds to the values of a sample.
func (f *family) count(sample uint32, values ...int64) {
	at := int(sample) * f.values
	for i := range f.values {
		f.p.Values[at+i] = add(f.p.Values[at+i], values[i])
	}
}

// add adds values of 0 or more, up to the largest.
func add(x, y int64) int64 {
	if x > math.MaxInt64-y {
		return math.MaxInt64
	}
	return x + y
}

func (f *family) location(from *symbols, at uint32) uint32 {
	slot := slotOf(&f.locations, at)
	if *slot == 0 {
		l := from.locations[at]
		f.p.Lines = append(f.p.Lines, pprof.Line{Function: f.function(from, l.function), Line: int64(l.line)})
		f.p.Locations = append(f.p.Locations, pprof.Location{FirstLine: uint32(len(f.p.Lines) - 1), NumLines: 1})
		f.size += minLocationBytes
		*slot = uint32(len(f.p.Locations))
	}
	return *slot - 1
}

func (f *family) function(from *symbols, at uint32) uint32 {
	slot := slotOf(&f.functions, at)
	if *slot == 0 {
		name := from.functions[at]
		f.p.Strings = append(f.p.Strings, name)
		f.p.Functions = append(f.p.Functions, pprof.Function{Name: uint32(len(f.p.Strings) - 1)})
		f.size += minFunctionBytes + int64(len(name))
		*slot = uint32(len(f.p.Functions))
	}
	return *slot - 1
}

// slotOf returns the element of a slice, which grows for it.
func slotOf(s *[]uint32, at uint32) *uint32 {
	for len(*s) <= int(at) {
		*s = append(*s, 0)
	}
	return &(*s)[at]
}

func (f *family) text(s string) uint32 {
	at, ok := f.texts[s]
	if !ok {
		at = uint32(len(f.p.Strings))
		f.p.Strings = append(f.p.Strings, s)
		f.texts[s] = at
		f.size += int64(len(s)) + 2
	}
	return at
}

// check notes that the profile exceeds a limit.
func (f *family) check(labels int) {
	exceeds := func(limit, what string, actual, most int64) {
		if most > 0 && actual > most && f.err == nil {
			f.err = &pprof.LimitError{Limit: limit, What: what, Actual: actual, Max: most}
		}
	}
	exceeds("MaxSamples", "samples", int64(len(f.p.Samples)), int64(f.limits.MaxSamples))
	exceeds("MaxSampleLabels", "labels", int64(labels), int64(f.limits.MaxSampleLabels))
	exceeds("MaxBytes", "bytes as a pprof", f.size, f.limits.MaxBytes)
	exceeds("MaxBytes", "bytes as a pprof", f.size, math.MaxInt32) // what positions can address
	if f.err != nil {
		f.p, f.index = pprof.Profile{}, nil // nothing more is added
	}
}

// finish returns the profile; period is as of reader.period.
func (f *family) finish(k kind, period int64) *pprof.Profile {
	if period < 0 {
		k = k.sampled()
	}
	if period > 0 {
		f.p.Period = period
		for i, v := range f.p.Values {
			f.p.Values[i] = scale(v, period, 1)
		}
	}
	f.p.SampleTypes, f.p.PeriodType = k.samples, k.period
	return &f.p
}
