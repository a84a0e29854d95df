package ingest

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// textKind is what is known of the values of a profile in a text or tree
// format, which says nothing of them itself.
type textKind struct {
	name   string // __name__
	sample profile.ValueType
	// timed values count samples, taken at a rate, and stand for time.
	timed bool
}

// The units of values.
const (
	unitCount       = "count"
	unitBytes       = "bytes"
	unitNanoseconds = "nanoseconds"
)

// textKinds are the kinds by the suffix of the application's name that
// Pyroscope's clients use for them.
func textKinds(suffix string) (textKind, bool) {
	kind := func(name, sampleType, unit string) (textKind, bool) {
		return textKind{name: name, sample: profile.ValueType{Type: sampleType, Unit: unit}}, true
	}
	switch suffix {
	case "", "cpu", "itimer":
		return textKind{"process_cpu", profile.ValueType{Type: "cpu", Unit: unitNanoseconds}, true}, true
	case "wall", "seconds", "milliseconds", "microseconds", unitNanoseconds:
		return textKind{"wall", profile.ValueType{Type: "wall", Unit: unitNanoseconds}, true}, true
	case "inuse_objects", "alloc_objects", "live", "alloc_in_new_tlab_objects", "alloc_outside_tlab_objects":
		return kind("memory", suffix, unitCount)
	case "inuse_space", "alloc_space", "alloc_in_new_tlab_bytes", "alloc_outside_tlab_bytes":
		return kind("memory", suffix, unitBytes)
	case unitBytes:
		return kind("memory", "samples", unitBytes)
	case "exceptions":
		return kind("exceptions", "samples", unitCount)
	case "goroutines":
		return kind("goroutine", "goroutines", unitCount)
	case "mutex_count":
		return kind("mutex", "contentions", unitCount)
	case "mutex_duration":
		return kind("mutex", "delay", unitNanoseconds)
	case "block_count", "lock_count":
		return kind("block", "contentions", unitCount)
	case "block_duration", "lock_duration":
		return kind("block", "delay", unitNanoseconds)
	}
	return textKind{}, false
}

// splitKind divides the name of an application into the service and the kind of
// profile that its suffix stands for.
func splitKind(app string) (service string, kind textKind, err error) {
	service, suffix := app, ""
	if i := strings.LastIndexByte(app, '.'); i >= 0 {
		service, suffix = app[:i], app[i+1:]
	}
	kind, ok := textKinds(suffix)
	if !ok || suffix == "" && service != app {
		return "", textKind{}, fmt.Errorf("unknown profile type: %s: an application name with a dot must end with the type, such as %s.cpu",
			cut(suffix, maxNamedBytes), cut(app, maxNamedBytes))
	}
	return service, kind, nil
}

// types returns the types of a profile of the kind, taken at a rate in Hz. A
// rate of 0 means that it is not known how much time a sample stands for.
func (k textKind) types(rate uint32) (sample, period profile.ValueType) {
	switch {
	case !k.timed:
		return k.sample, profile.ValueType{}
	case rate == 0:
		return profile.ValueType{Type: "samples", Unit: unitCount}, profile.ValueType{}
	}
	return k.sample, profile.ValueType{Type: "cpu", Unit: unitNanoseconds}
}

// scale turns the values of a profile of the kind, in place, from samples into
// nanoseconds.
func (k textKind) scale(p *pprof.Profile, rate uint32) {
	if !k.timed || rate == 0 {
		return
	}
	p.Period = nanosPerSecond / int64(rate)
	for i, v := range p.Values {
		p.Values[i] = scaled(v, rate)
	}
}

const nanosPerSecond = 1e9

// scaled returns the nanoseconds of v samples, up to the largest number. v is
// not negative.
func scaled(v int64, rate uint32) int64 {
	high, low := bits.Mul64(uint64(v), nanosPerSecond)
	if high >= uint64(rate) {
		return math.MaxInt64
	}
	nanos, _ := bits.Div64(high, low, uint64(rate))
	return int64(min(nanos, math.MaxInt64))
}
