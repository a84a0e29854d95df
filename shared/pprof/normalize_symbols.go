package pprof

import "slices"

// mergeStrings keeps each string that is used once.
func (n *normalizer) mergeStrings() {
	n.table.reset(len(n.p.Strings))
	kept := n.p.Strings[:0]
	for i, s := range n.p.Strings {
		if n.strings[i] != used {
			continue
		}
		at, found := n.table.find(n.hash.text(s), uint32(len(kept)), func(other uint32) bool { return kept[other] == s })
		if !found {
			kept = append(kept, s)
		}
		n.strings[i] = at
	}
	clear(n.p.Strings[len(kept):])
	n.p.Strings = kept
}

// mergeFunctions keeps each function that is used once.
func (n *normalizer) mergeFunctions() {
	n.table.reset(len(n.p.Functions))
	kept := n.p.Functions[:0]
	for i, f := range n.p.Functions {
		if n.functions[i] != used {
			continue
		}
		f.Name, f.SystemName, f.Filename = n.strings[f.Name], n.strings[f.SystemName], n.strings[f.Filename]
		h := mix(n.hash.start, uint64(f.Name)<<32|uint64(f.SystemName))
		h = mix(mix(h, uint64(f.Filename)), uint64(f.StartLine))
		at, found := n.table.find(h, uint32(len(kept)), func(other uint32) bool { return kept[other] == f })
		if !found {
			kept = append(kept, f)
		}
		n.functions[i] = at
	}
	n.p.Functions = kept
}

// mergeMappings keeps each mapping that is used once.
func (n *normalizer) mergeMappings() {
	n.table.reset(len(n.p.Mappings))
	kept := n.p.Mappings[:0]
	for i, m := range n.p.Mappings {
		if n.mappings[i] != used {
			continue
		}
		m.Filename, m.BuildID = n.strings[m.Filename], n.strings[m.BuildID]
		h := mix(mix(mix(n.hash.start, m.Start), m.Limit), m.Offset)
		h = mix(mix(h, uint64(m.Filename)<<32|uint64(m.BuildID)), uint64(m.Flags))
		at, found := n.table.find(h, uint32(len(kept)), func(other uint32) bool { return kept[other] == m })
		if !found {
			kept = append(kept, m)
		}
		n.mappings[i] = at
	}
	n.p.Mappings = kept
}

// mergeLocations keeps each location that is used once.
func (n *normalizer) mergeLocations() {
	p := n.p
	n.table.reset(len(p.Locations))
	kept := p.Locations[:0]
	lines := room(p.Lines, len(p.Locations), func(i int) (uint32, uint32) {
		l := p.Locations[i]
		return l.FirstLine, l.FirstLine + l.NumLines
	})
	for i, l := range p.Locations {
		if n.locations[i] != used {
			continue
		}
		old := p.Lines[l.FirstLine : l.FirstLine+l.NumLines]
		l.FirstLine = uint32(len(lines))
		if l.Mapping != 0 {
			l.Mapping = n.mappings[l.Mapping-1] + 1
		}
		h := mix(mix(n.hash.start, l.Address), uint64(l.Mapping))
		for _, line := range old {
			line.Function = n.functions[line.Function]
			h = mix(mix(h, uint64(line.Function)), uint64(line.Line))
			lines = append(lines, line)
		}
		at, found := n.table.find(h, uint32(len(kept)), func(other uint32) bool {
			return sameLocation(kept[other], l, lines)
		})
		if found {
			lines = lines[:l.FirstLine]
		} else {
			kept = append(kept, l)
		}
		n.locations[i] = at
	}
	p.Locations, p.Lines = kept, lines
}

func sameLocation(a, b Location, lines []Line) bool {
	return a.Address == b.Address && a.Mapping == b.Mapping && a.Folded == b.Folded &&
		slices.Equal(lines[a.FirstLine:a.FirstLine+a.NumLines], lines[b.FirstLine:b.FirstLine+b.NumLines])
}

// room returns where to write the parts of items, such as the lines of
// locations, one item after the other, none longer than it is: the same
// memory if the parts stand there in the order of the items, so that what is
// written never reaches what is still to be read. They do in a decoded
// profile; elsewhere items may share their parts.
func room[T any](parts []T, items int, bounds func(i int) (start, end uint32)) []T {
	var last uint32
	for i := range items {
		start, end := bounds(i)
		if start < last {
			return make([]T, 0, len(parts))
		}
		last = end
	}
	return parts[:0]
}
