// Package recording makes profiles of recordings of the Java Flight Recorder, as
// the Java agent of Pyroscope sends them (async-profiler) and as the JDK writes
// them.
//
// What becomes of the events, and how things are named, is as in Pyroscope:
//
//	event                              profile types
//	jdk.ExecutionSample                process_cpu:cpu:nanoseconds:cpu:nanoseconds
//	profiler.WallClockSample           wall:wall:nanoseconds:wall:nanoseconds
//	jdk.ObjectAllocationInNewTLAB      memory:alloc_in_new_tlab_objects:count:space:bytes and …_bytes:bytes:…
//	jdk.ObjectAllocationOutsideTLAB    memory:alloc_outside_tlab_objects:count:space:bytes and …_bytes:bytes:…
//	jdk.ObjectAllocationSample         memory:alloc_sample_objects:count:space:bytes and …_bytes:bytes:…
//	profiler.LiveObject                memory:live:count:objects:count
//	profiler.Malloc                    memory:malloc_objects:count:: and memory:malloc_bytes:bytes::
//	jdk.JavaMonitorEnter               mutex:contentions:count:mutex:count and mutex:delay:nanoseconds:mutex:count
//	jdk.ThreadPark                     block:contentions:count:block:count and block:delay:nanoseconds:block:count
//
// If the profiler was set to the event wall, samples of running threads count as
// CPU time too; older versions of it have ExecutionSample for both, with the
// state of the thread. profiler.Free is left out, as there.
//
// Three things are done otherwise, since numbers would be wrong: durations,
// which are in ticks, are converted; wall time that is sampled beside CPU time
// counts by its own interval, which the recording tells; and what was sampled at
// a rate that is not known (0) counts samples, rather than nothing.
package recording

import (
	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// Options say how a recording is to be read.
type Options struct {
	// Limits bound each profile that is made.
	Limits pprof.Limits
	// Rate is how many samples a second were taken; 0 if it is not known.
	Rate uint32
	// Labels are what the contexts of samples stand for; nil if the client sent
	// none.
	Labels *Labels
}

// Recording is what was read.
type Recording struct {
	// Event is what the profiler was set to, such as itimer or wall; empty for
	// recordings of the JDK.
	Event    string
	Profiles []Profile
}

// Profile is the events of one family.
type Profile struct {
	Name string // __name__
	// Err is not nil if the profile is larger than the limits. It is a
	// *pprof.LimitError, and Profile is nil.
	Err     error
	Profile *pprof.Profile // without time
}

// Read reads a recording, which is not compressed. The error wraps
// jfr.ErrMalformed or is a *pprof.LimitError, about the recording as a whole.
func Read(data []byte, o Options) (*Recording, error) {
	r := &reader{options: o, labels: o.Labels, symbols: newSymbols(o.Limits)}
	if r.labels == nil {
		r.labels = &Labels{}
	}
	for c, err := range jfr.Chunks(data) {
		if err == nil {
			err = r.chunk(c)
		}
		if err != nil {
			return nil, err
		}
	}
	return r.recording(), nil
}

func (r *reader) recording() *Recording {
	out := &Recording{Event: r.event}
	for k := range r.families {
		f := r.families[k]
		if f == nil {
			continue
		}
		p := Profile{Name: kinds()[k].name, Err: f.err}
		if f.err == nil {
			p.Profile = f.finish(kinds()[k], r.period(k))
		}
		out.Profiles = append(out.Profiles, p)
	}
	return out
}
