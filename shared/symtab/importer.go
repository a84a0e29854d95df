package symtab

import "github.com/pyrocumulus/pyrocumulus/shared/pprof"

// Importer enters the symbols of profiles into tables. It is kept between
// profiles for its memory.
type Importer struct {
	strings, functions, mappings, locations []uint32
	lines                                   []pprof.Line
}

// Import enters all symbols of a profile.
func (m *Importer) Import(s *Table, p *pprof.Profile) {
	m.strings = m.strings[:0]
	for _, v := range p.Strings {
		m.strings = append(m.strings, s.String(v))
	}
	m.mappings = m.mappings[:0]
	for i := range p.Mappings {
		x := &p.Mappings[i]
		m.mappings = append(m.mappings, s.Mapping(Mapping{
			Start: x.Start, Limit: x.Limit, Offset: x.Offset,
			Binary: m.strings[x.Filename], BuildID: m.strings[x.BuildID], Flags: x.Flags,
		}))
	}
	m.functions = m.functions[:0]
	for i := range p.Functions {
		x := &p.Functions[i]
		m.functions = append(m.functions, s.Function(Function{
			Name: m.strings[x.Name], SystemName: m.strings[x.SystemName], File: m.strings[x.Filename], StartLine: x.StartLine,
		}))
	}
	m.locations = m.locations[:0]
	for i := range p.Locations {
		x := &p.Locations[i]
		m.lines = append(m.lines[:0], p.Lines[x.FirstLine:x.FirstLine+x.NumLines]...)
		for j := range m.lines {
			m.lines[j].Function = m.functions[m.lines[j].Function]
		}
		mapped := uint32(0)
		if x.Mapping != 0 {
			mapped = m.mappings[x.Mapping-1] + 1
		}
		m.locations = append(m.locations, s.Location(x.Address, mapped, x.Folded, m.lines))
	}
}

// Stack enters a stack trace of the profile that was imported last, given leaf
// first, and returns its node.
func (m *Importer) Stack(s *Table, stack []uint32) int32 {
	node := int32(0)
	for i := len(stack) - 1; i >= 0; i-- {
		node = s.Stacks.Child(node, int32(m.locations[stack[i]]))
	}
	return node
}
