package symtab

import "github.com/pyrocumulus/pyrocumulus/shared/pprof"

// Merge enters all that other holds and returns, for each node of its stack
// tree, the node here.
func (s *Table) Merge(other *Table) []int32 {
	strings := make([]uint32, len(other.Strings))
	for i, v := range other.Strings {
		strings[i] = s.String(v)
	}
	functions := make([]uint32, len(other.Functions))
	for i, f := range other.Functions {
		functions[i] = s.Function(Function{strings[f.Name], strings[f.SystemName], strings[f.File], f.StartLine})
	}
	mappings := make([]uint32, len(other.Mappings))
	for i, m := range other.Mappings {
		m.Binary, m.BuildID = strings[m.Binary], strings[m.BuildID]
		mappings[i] = s.Mapping(m)
	}
	locations := make([]uint32, len(other.Locations))
	var lines []pprof.Line
	for i := range other.Locations {
		l := &other.Locations[i]
		lines = append(lines[:0], other.Lines[l.FirstLine:l.FirstLine+l.NumLines]...)
		for j := range lines {
			lines[j].Function = functions[lines[j].Function]
		}
		mapped := l.Mapping
		if mapped != 0 {
			mapped = mappings[mapped-1] + 1
		}
		locations[i] = s.Location(l.Address, mapped, l.Folded, lines)
	}
	nodes := make([]int32, len(other.Stacks.Parents))
	for n := 1; n < len(nodes); n++ {
		nodes[n] = s.Stacks.Child(nodes[other.Stacks.Parents[n]], int32(locations[other.Stacks.Locations[n]]))
	}
	return nodes
}
