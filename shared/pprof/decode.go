package pprof

import (
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Decode reads a pprof, compressed with gzip or plain, and checks its
// structure. Every error wraps [ErrMalformed], [ErrTooLarge] or [ErrInvalid].
// The profile does not refer to data afterwards.
//
// Two limits change a profile rather than refuse it, as documented at
// [Limits]; lines without a function are left out, and so is what a
// [Profile] has no place for (comments, frame filters, numbers of labels).
func Decode(data []byte, limits Limits) (*Profile, error) { return decode(data, limits, false) }

// DecodeDotnet reads a pprof as [Decode] does, and repairs what the old .NET
// profiler gets wrong: sample types may hold "-", which becomes "_"; a function
// without an id has that of its place, counted from 1, and the line of a location
// without a function is of the function at the same place.
func DecodeDotnet(data []byte, limits Limits) (*Profile, error) { return decode(data, limits, true) }

func decode(data []byte, limits Limits, dotnet bool) (*Profile, error) {
	if len(data) == 0 {
		return nil, malformed("empty body")
	}
	if isGzip(data) {
		f := inflaters.Get().(*inflater)
		defer f.release()
		plain, err := f.inflate(data, limits)
		if err != nil {
			return nil, err
		}
		if len(plain) == 0 {
			return nil, malformed("empty body within gzip")
		}
		return decodePlain(plain, limits, dotnet)
	}
	if err := limits.checkBytes(int64(len(data))); err != nil {
		return nil, err
	}
	return decodePlain(data, limits, dotnet)
}

// maxSampleTypes is far beyond the five or so that real profiles have. Each
// becomes a series of its own, and two bytes on the wire make one.
const maxSampleTypes = 256

// decoder is the state of one decoding.
type decoder struct {
	limits Limits
	dotnet bool // see DecodeDotnet
	layout layout
	p      *Profile

	mappings, functions, locations ids

	values int // of the sample being read
}

func decodePlain(data []byte, limits Limits, dotnet bool) (*Profile, error) {
	l, err := survey(data)
	if err != nil {
		return nil, err
	}
	if err := limits.checkSamples(l.count(profileSample)); err != nil {
		return nil, err
	}
	d := decoder{limits: limits, dotnet: dotnet, layout: l, p: &Profile{
		TimeNanos:     l.timeNanos,
		DurationNanos: l.durationNanos,
		Period:        l.period,
	}}
	// Each step needs those before it.
	steps := [...]func(*decoder) error{
		(*decoder).readStrings,
		(*decoder).readTypes,
		(*decoder).readMappings,
		(*decoder).readFunctions,
		(*decoder).readLocations,
		(*decoder).readSamples,
	}
	for _, step := range steps {
		if err := step(&d); err != nil {
			return nil, err
		}
	}
	return d.p, nil
}

// stringAt checks a position in the string table as it stands on the wire.
func (d *decoder) stringAt(i uint64, what string) (uint32, error) {
	if i >= uint64(len(d.p.Strings)) {
		return 0, invalid("%s is string %d of %d", what, int64(i), len(d.p.Strings))
	}
	return uint32(i), nil
}

// readTypes reads the types of samples and periods.
func (d *decoder) readTypes() error {
	p := d.p
	at, err := d.stringAt(d.layout.defaultSampleType, "default sample type")
	if err != nil {
		return err
	}
	p.DefaultSampleType = p.Strings[at]
	if p.PeriodType, err = d.valueType(d.layout.periodType, "period type"); err != nil {
		return err
	}
	n := d.layout.count(profileSampleType)
	if n > maxSampleTypes {
		return invalid("%d sample types, at most %d make sense", n, maxSampleTypes)
	}
	if n > 0 {
		p.SampleTypes = make([]profile.ValueType, 0, n)
	}
	m := open(d.layout.body(profileSampleType))
	for m.next() {
		if m.field != profileSampleType {
			continue
		}
		t, err := d.valueType(m.payload(), "sample type")
		if err != nil {
			return err
		}
		if d.dotnet {
			t.Type = strings.ReplaceAll(t.Type, "-", "_")
		}
		if strings.Contains(t.Type, "-") {
			return invalid(`sample type %q contains "-"`, t.Type)
		}
		p.SampleTypes = append(p.SampleTypes, t)
	}
	return nil
}

func (d *decoder) valueType(data []byte, what string) (profile.ValueType, error) {
	var kind, unit uint64
	m := open(data)
	for m.next() {
		switch m.field {
		case valueTypeType:
			kind = m.uint()
		case valueTypeUnit:
			unit = m.uint()
		}
	}
	if m.err != nil {
		return profile.ValueType{}, malformed("read %s: %w", what, m.err)
	}
	k, err := d.stringAt(kind, what)
	if err != nil {
		return profile.ValueType{}, err
	}
	u, err := d.stringAt(unit, what)
	if err != nil {
		return profile.ValueType{}, err
	}
	return profile.ValueType{Type: d.p.Strings[k], Unit: d.p.Strings[u]}, nil
}
