package recording

import "github.com/pyrocumulus/pyrocumulus/shared/profile"

// The families of events, each of which becomes a profile.
const (
	cpu = iota
	wall
	allocInTLAB
	allocOutsideTLAB
	allocSample
	live
	malloc
	lock
	park
	numFamilies
)

// kind is the name and the types of the profile that a family becomes.
type kind struct {
	name    string // __name__
	samples []profile.ValueType
	period  profile.ValueType
}

func kinds() [numFamilies]kind {
	type types = []profile.ValueType
	const count, bytes, nanoseconds = "count", "bytes", "nanoseconds"
	space := profile.ValueType{Type: "space", Unit: bytes}
	waits := types{{Type: "contentions", Unit: count}, {Type: "delay", Unit: nanoseconds}}
	allocated := func(how string) types {
		return types{{Type: how + "_objects", Unit: count}, {Type: how + "_bytes", Unit: bytes}}
	}
	timed := func(name, what string) kind {
		t := profile.ValueType{Type: what, Unit: nanoseconds}
		return kind{name, types{t}, t}
	}
	return [numFamilies]kind{
		cpu:              timed("process_cpu", "cpu"),
		wall:             timed("wall", "wall"),
		allocInTLAB:      {"memory", allocated("alloc_in_new_tlab"), space},
		allocOutsideTLAB: {"memory", allocated("alloc_outside_tlab"), space},
		allocSample:      {"memory", allocated("alloc_sample"), space},
		live:             {"memory", types{{Type: "live", Unit: count}}, profile.ValueType{Type: "objects", Unit: count}},
		malloc:           {"memory", allocated("malloc"), profile.ValueType{}},
		lock:             {"mutex", waits, profile.ValueType{Type: "mutex", Unit: count}},
		park:             {"block", waits, profile.ValueType{Type: "block", Unit: count}},
	}
}

// sampled is the types of a family whose values count samples, since it is not
// known how much time a sample stands for.
func (k kind) sampled() kind {
	return kind{name: k.name, samples: []profile.ValueType{{Type: "samples", Unit: "count"}}}
}

// source is a class of events that profiles are made of.
type source struct {
	class string
	field string // what it counts or how long it took
	state bool   // whether the state of the thread matters
}

// The positions of sources.
const (
	fromExecution = iota
	fromWallClock
	fromInTLAB
	fromOutsideTLAB
	fromAllocation
	fromLiveObject
	fromMalloc
	fromMonitor
	fromPark
	fromSettings
	numSources
)

func sources() [numSources]source {
	return [numSources]source{
		fromExecution:   {"jdk.ExecutionSample", "", true},
		fromWallClock:   {"profiler.WallClockSample", "samples", true},
		fromInTLAB:      {"jdk.ObjectAllocationInNewTLAB", "tlabSize", false},
		fromOutsideTLAB: {"jdk.ObjectAllocationOutsideTLAB", "allocationSize", false},
		fromAllocation:  {"jdk.ObjectAllocationSample", "weight", false},
		fromLiveObject:  {"profiler.LiveObject", "", false},
		fromMalloc:      {"profiler.Malloc", "size", false},
		fromMonitor:     {"jdk.JavaMonitorEnter", "duration", false},
		fromPark:        {"jdk.ThreadPark", "duration", false},
		fromSettings:    {"jdk.ActiveSetting", "", false},
	}
}
