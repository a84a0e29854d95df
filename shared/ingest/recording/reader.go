package recording

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
)

// reader gathers the events of a recording.
type reader struct {
	options  Options
	labels   *Labels
	symbols  *symbols
	families [numFamilies]*family

	event        string // what the profiler was set to
	wallInterval int64  // nanoseconds, if wall time is sampled beside CPU time

	c      *jfr.Chunk
	states map[int64]string // of threads, in this chunk
}

// The fields of events that are wanted, by their positions in a jfr.Event.
const (
	fieldStack = iota
	fieldContext
	fieldSpan
	fieldSpanName
	fieldTraceHigh
	fieldTraceLow
	fieldValue
	fieldState
)

// The states of threads.
const (
	stateSleeping = "STATE_SLEEPING"
	stateRunnable = "STATE_RUNNABLE"
)

const eventWall = "wall"

// chunk gathers the events of a chunk. Settings are read first, wherever they
// stand, since what events count for depends on them.
func (r *reader) chunk(c *jfr.Chunk) error {
	r.c, r.states = c, make(map[int64]string)
	r.symbols.chunk(c)
	for _, f := range r.families {
		if f != nil {
			clear(f.index)
		}
	}
	settings, err := c.Event(sources()[fromSettings].class, "name", "value")
	if err != nil {
		return err
	}
	if err := c.Events([]*jfr.EventType{settings}, r.setting); err != nil {
		return err
	}
	types := make([]*jfr.EventType, fromSettings)
	for i := range types {
		s := sources()[i]
		state := ""
		if s.state {
			state = "state"
		}
		types[i], err = c.Event(s.class, "stackTrace", "contextId", "spanId", "spanName", "traceIdHi", "traceIdLo", s.field, state)
		if err != nil {
			return err
		}
	}
	return c.Events(types, r.take)
}

// setting takes a setting of async-profiler. Those of the JDK have other names.
func (r *reader) setting(_ int, e *jfr.Event) error {
	switch r.c.Text(e[0]) {
	case "event":
		r.event = r.c.Text(e[1])
	case eventWall:
		r.wallInterval, _ = strconv.ParseInt(r.c.Text(e[1]), 10, 64)
	}
	return nil
}

// take counts an event of the source i.
func (r *reader) take(i int, e *jfr.Event) error {
	value := e[fieldValue]
	switch i {
	case fromExecution:
		if r.event == eventWall {
			if err := r.add(wall, e, 1, 0); err != nil {
				return err
			}
		}
		if r.state(e[fieldState]) != stateSleeping {
			return r.add(cpu, e, 1, 0)
		}
		return nil
	case fromWallClock:
		if r.event == eventWall && r.state(e[fieldState]) == stateRunnable {
			if err := r.add(cpu, e, value, 0); err != nil {
				return err
			}
		}
		return r.add(wall, e, value, 0)
	case fromInTLAB:
		return r.add(allocInTLAB, e, 1, value)
	case fromOutsideTLAB:
		return r.add(allocOutsideTLAB, e, 1, value)
	case fromAllocation:
		return r.add(allocSample, e, 1, value)
	case fromLiveObject:
		return r.add(live, e, 1, 0)
	case fromMalloc:
		return r.add(malloc, e, 1, value)
	case fromMonitor:
		return r.add(lock, e, 1, scale(value, 1e9, r.c.TicksPerSecond))
	case fromPark:
		return r.add(park, e, 1, scale(value, 1e9, r.c.TicksPerSecond))
	}
	return nil
}

// add adds values to what a family has for the stack trace and the labels of an
// event. Events without a stack trace cannot be shown anywhere. The error is
// about the recording; that the family is too large is kept with it.
func (r *reader) add(to int, e *jfr.Event, first, second int64) error {
	f := r.families[to]
	if f == nil {
		f = newFamily(r.options.Limits, len(kinds()[to].samples))
		r.families[to] = f
	}
	if f.err != nil || first < 0 || second < 0 {
		return nil
	}
	key := sampleKey{
		stack: e[fieldStack], set: r.labels.set(e[fieldContext]),
		span: e[fieldSpan], spanName: e[fieldSpanName], traceHigh: e[fieldTraceHigh], traceLow: e[fieldTraceLow],
	}
	at, ok := f.index[key]
	if !ok {
		stack, err := r.symbols.stack(key.stack)
		if err != nil {
			return err
		}
		if len(stack) == 0 {
			return nil
		}
		at = f.sample(r.symbols, stack, r.labels.of(key))
		if f.err != nil {
			return nil
		}
		f.index[key] = at
	}
	f.count(at, first, second)
	return nil
}

func (r *reader) state(key int64) string {
	s, ok := r.states[key]
	if !ok {
		s = r.c.ThreadState(key)
		r.states[key] = s
	}
	return s
}

// period is how many nanoseconds a sample of a family stands for; 0 if it does
// not stand for time, -1 if it is not known.
func (r *reader) period(family int) int64 {
	switch {
	case family != cpu && family != wall:
		return 0
	case family == wall && r.event != eventWall && r.wallInterval > 0:
		return r.wallInterval
	case r.options.Rate == 0:
		return -1
	}
	return 1e9 / int64(r.options.Rate)
}

// scale returns v*by/per, up to the largest number. If per is not positive it
// returns v.
func scale(v, by, per int64) int64 {
	if v <= 0 || per <= 0 || by == per {
		return v
	}
	high, low := bits.Mul64(uint64(v), uint64(by))
	if high >= uint64(per) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(high, low, uint64(per))
	return int64(min(q, math.MaxInt64))
}
