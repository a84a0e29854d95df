// Package symtab holds symbol tables while they are put together: each string,
// function, mapping, location and node of the stack-trace tree once. Blocks are
// built and merged with them, and so are answers in pprof form.
package symtab

import (
	"encoding/binary"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// Table is a set of symbol tables. Ids are positions in the slices, which
// callers may read and must not change. It is not safe for concurrent use.
type Table struct {
	Strings   []string // Strings[0] is ""
	Functions []Function
	Mappings  []Mapping
	Locations []pprof.Location // Mapping is a position in Mappings plus 1
	Lines     []pprof.Line     // of the locations; Function is a position in Functions
	Stacks    StackTree

	stringIDs   map[string]uint32
	functionIDs map[Function]uint32
	mappingIDs  map[Mapping]uint32
	oneLineIDs  map[oneLine]uint32
	locationIDs map[string]uint32
	key         []byte
}

// Function is a function by the positions of its strings.
type Function struct {
	Name, SystemName, File uint32
	StartLine              int64
}

// Mapping is a part of a binary; Binary and BuildID are positions of strings.
type Mapping struct {
	Start, Limit, Offset uint64
	Binary, BuildID      uint32
	Flags                pprof.MappingFlags
}

// New returns empty tables: they hold the empty string and the empty stack
// trace.
func New() *Table {
	s := &Table{
		stringIDs: make(map[string]uint32), functionIDs: make(map[Function]uint32),
		mappingIDs: make(map[Mapping]uint32), locationIDs: make(map[string]uint32),
		oneLineIDs: make(map[oneLine]uint32),
	}
	s.Stacks.init()
	s.String("")
	return s
}

// String returns the id of a string. It does not keep v itself.
func (s *Table) String(v string) uint32 {
	id, ok := s.stringIDs[v]
	if !ok {
		id = uint32(len(s.Strings))
		// The string may be a part of a whole profile that it would keep in
		// memory.
		v = string([]byte(v))
		s.Strings = append(s.Strings, v)
		s.stringIDs[v] = id
	}
	return id
}

// Function returns the id of a function.
func (s *Table) Function(f Function) uint32 {
	id, ok := s.functionIDs[f]
	if !ok {
		id = uint32(len(s.Functions))
		s.Functions = append(s.Functions, f)
		s.functionIDs[f] = id
	}
	return id
}

// Mapping returns the id of a mapping.
func (s *Table) Mapping(m Mapping) uint32 {
	id, ok := s.mappingIDs[m]
	if !ok {
		id = uint32(len(s.Mappings))
		s.Mappings = append(s.Mappings, m)
		s.mappingIDs[m] = id
	}
	return id
}

// oneLine identifies a location with a single line, as most are.
type oneLine struct {
	address uint64
	mapping uint32 // plus the flag of folded in the highest bit
	line    pprof.Line
}

// Location returns the id of a location; the functions of its lines are ids,
// and mapping is an id plus 1, 0 for none. It does not keep lines.
func (s *Table) Location(address uint64, mapping uint32, folded bool, lines []pprof.Line) uint32 {
	if len(lines) == 1 {
		k := oneLine{address, mapping | uint32(boolBit(folded))<<31, lines[0]}
		id, ok := s.oneLineIDs[k]
		if !ok {
			id = s.addLocation(address, mapping, folded, lines)
			s.oneLineIDs[k] = id
		}
		return id
	}
	k := binary.AppendUvarint(s.key[:0], address)
	k = binary.AppendUvarint(k, uint64(mapping)<<1|boolBit(folded))
	for _, l := range lines {
		k = binary.AppendUvarint(k, uint64(l.Function))
		k = binary.AppendVarint(k, l.Line)
		k = binary.AppendVarint(k, l.Column)
	}
	s.key = k
	id, ok := s.locationIDs[string(k)]
	if !ok {
		id = s.addLocation(address, mapping, folded, lines)
		s.locationIDs[string(k)] = id
	}
	return id
}

func (s *Table) addLocation(address uint64, mapping uint32, folded bool, lines []pprof.Line) uint32 {
	s.Locations = append(s.Locations, pprof.Location{
		Address: address, Mapping: mapping, Folded: folded,
		FirstLine: uint32(len(s.Lines)), NumLines: uint32(len(lines)),
	})
	s.Lines = append(s.Lines, lines...)
	return uint32(len(s.Locations) - 1)
}

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// StackTree is stack traces as a tree: a node is a location under the node of
// its caller. Node 0 is the root, the empty stack trace, whose entries are -1.
// Parents have smaller numbers than their children.
type StackTree struct {
	Parents, Locations []int32
	// table is a hash table of nodes by parent and location, of a power of two
	// in size; 0 is a free place, since the root is never looked up.
	table []uint32
}

func (t *StackTree) init() {
	t.Parents, t.Locations = []int32{-1}, []int32{-1}
	t.table = make([]uint32, 256)
}

func hashNode(parent, location int32) uint64 {
	x := (uint64(uint32(parent))<<32 | uint64(uint32(location))) * 0x9e3779b97f4a7c15
	return x ^ x>>29
}

// Child returns the node of a location under a node, which it adds if it is
// new.
func (t *StackTree) Child(parent, location int32) int32 {
	mask := uint64(len(t.table) - 1)
	i := hashNode(parent, location) & mask
	for ; t.table[i] != 0; i = (i + 1) & mask {
		n := t.table[i]
		if t.Parents[n] == parent && t.Locations[n] == location {
			return int32(n)
		}
	}
	n := int32(len(t.Parents))
	t.Parents = append(t.Parents, parent)
	t.Locations = append(t.Locations, location)
	t.table[i] = uint32(n)
	if len(t.Parents)*2 > len(t.table) {
		t.rehash()
	}
	return n
}

func (t *StackTree) rehash() {
	t.table = make([]uint32, 4*len(t.table))
	mask := uint64(len(t.table) - 1)
	for n := 1; n < len(t.Parents); n++ {
		i := hashNode(t.Parents[n], t.Locations[n]) & mask
		for t.table[i] != 0 {
			i = (i + 1) & mask
		}
		t.table[i] = uint32(n)
	}
}
