package recording

import (
	"math"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// symbols is the functions and locations of a recording, whatever chunk they
// are from.
type symbols struct {
	limits    pprof.Limits
	functions []string
	locations []location
	bytes     int64 // of all names

	named  map[string]uint32   // positions in functions
	placed map[location]uint32 // positions in locations

	// Of the current chunk:
	c       *jfr.Chunk
	methods map[int64]int64 // positions in functions by method; -1 if it is not known
	stacks  map[int64]span  // by stack trace
	arena   []uint32        // positions in locations, leaf first, of all stacks
	frames  []jfr.Frame     // of one
}

// location is a line, 0 if it is not known, of a function.
type location struct {
	function uint32
	line     int32
}

// span is a part of the arena.
type span struct{ start, end int }

// truncated is the outermost frame of stack traces whose outermost frames were
// cut off, as in Pyroscope.
const truncated = "[truncated]"

// A recording may have more names than one profile, which MaxBytes limits.
const namesPerProfile = 4

func newSymbols(limits pprof.Limits) *symbols {
	return &symbols{limits: limits, named: make(map[string]uint32), placed: make(map[location]uint32)}
}

// chunk begins a chunk, whose keys differ from those of others.
func (s *symbols) chunk(c *jfr.Chunk) {
	s.c, s.methods, s.stacks, s.arena = c, make(map[int64]int64), make(map[int64]span), s.arena[:0]
}

// stack returns a stack trace, leaf first, empty if there is none. Frames of
// methods that are not known are left out. It stays valid until the next call.
func (s *symbols) stack(key int64) ([]uint32, error) {
	at, ok := s.stacks[key]
	if !ok {
		at.start = len(s.arena)
		if err := s.read(key); err != nil {
			return nil, err
		}
		at.end = len(s.arena)
		s.stacks[key] = at
	}
	return s.arena[at.start:at.end], nil
}

func (s *symbols) read(key int64) error {
	most := s.limits.MaxStackDepth
	if most <= 0 {
		most = math.MaxInt32
	}
	frames, cut, ok := s.c.StackTrace(key, s.frames[:0], most)
	s.frames = frames
	if !ok {
		return nil
	}
	if cut && len(frames) == most {
		frames = frames[1:]
	}
	for _, f := range frames {
		function, err := s.function(f.Method)
		if err != nil {
			return err
		}
		if function >= 0 {
			s.arena = append(s.arena, s.location(location{uint32(function), max(f.Line, 0)}))
		}
	}
	if cut {
		function, err := s.name(truncated)
		if err != nil {
			return err
		}
		s.arena = append(s.arena, s.location(location{function: uint32(function)}))
	}
	return nil
}

// function returns the function of a method, -1 if it is not known.
func (s *symbols) function(method int64) (int64, error) {
	if at, ok := s.methods[method]; ok {
		return at, nil
	}
	at := int64(-1)
	if class, name, ok := s.c.Method(method); ok {
		var err error
		if at, err = s.name(stable(class) + "." + name); err != nil {
			return 0, err
		}
	}
	s.methods[method] = at
	return at, nil
}

func (s *symbols) name(name string) (int64, error) {
	s.bytes += int64(len(name))
	if most := s.limits.MaxBytes * namesPerProfile; most > 0 && s.bytes > most {
		return 0, &pprof.LimitError{Limit: "MaxBytes", What: "bytes of names in the recording", Actual: s.bytes, Max: most}
	}
	if most := s.limits.MaxSymbolBytes; most > 0 && len(name) > most {
		name = strings.ToValidUTF8(name[len(name)-most:], "\uFFFD")
	}
	at, ok := s.named[name]
	if !ok {
		at = uint32(len(s.functions))
		s.functions = append(s.functions, name)
		s.named[name] = at
	}
	return int64(at), nil
}

func (s *symbols) location(l location) uint32 {
	at, ok := s.placed[l]
	if !ok {
		at = uint32(len(s.locations))
		s.locations = append(s.locations, l)
		s.placed[l] = at
	}
	return at
}
