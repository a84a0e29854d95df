package flamegraph

import "strings"

// Name is the number of a function name in one tree.
type Name uint32

// names numbers strings. It keeps copies, so that a tree does not hold on to
// the buffers it was built from, and packs them, so that they cost few
// allocations.
type names struct {
	list  []string
	index map[string]Name
	chunk *strings.Builder
}

const (
	firstNameChunk = 1 << 10 // bytes
	nameChunk      = 64 << 10
)

func newNames() names { return names{index: map[string]Name{}} }

func (ns *names) intern(s string) Name {
	if n, ok := ns.index[s]; ok {
		return n
	}
	return ns.add(s)
}

// internBytes is intern without a copy of names that are known.
func (ns *names) internBytes(b []byte) Name {
	if n, ok := ns.index[string(b)]; ok {
		return n
	}
	return ns.add(string(b))
}

func (ns *names) add(s string) Name {
	s = ns.keep(s)
	n := Name(len(ns.list))
	ns.list = append(ns.list, s)
	ns.index[s] = n
	return n
}

// keep copies a string behind others. A builder never moves what it has as
// long as its capacity lasts.
func (ns *names) keep(s string) string {
	if len(s) > nameChunk/8 {
		return strings.Clone(s)
	}
	if ns.chunk == nil || ns.chunk.Cap()-ns.chunk.Len() < len(s) {
		size := nameChunk
		if ns.chunk == nil {
			size = max(firstNameChunk, len(s))
		}
		ns.chunk = &strings.Builder{}
		ns.chunk.Grow(size)
	}
	start := ns.chunk.Len()
	ns.chunk.WriteString(s)
	return ns.chunk.String()[start:]
}

// find returns the number of a name that is known.
func (ns *names) find(s string) (Name, bool) {
	n, ok := ns.index[s]
	return n, ok
}
