package query

import (
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// forPGO reduces a sum of profiles to what profile-guided optimisation of Go
// looks at: of each stack trace the keep_locations nearest to the leaf (0 is
// all) and, with aggregate_callees, the leaf without its line, so that samples
// of one callee become one.
func forPGO(m *engine.Merged, s *typesv1.GoPGO) {
	type leaf struct {
		node  int32
		value int64
	}
	var leaves []leaf
	tree := &m.Table.Stacks
	var stack []int32
	for n, v := range m.Values {
		if v == 0 {
			continue
		}
		stack = stack[:0]
		for at := int32(n); at > 0 && (s.GetKeepLocations() == 0 || len(stack) < int(s.GetKeepLocations())); at = tree.Parents[at] {
			stack = append(stack, tree.Locations[at])
		}
		if len(stack) > 0 && s.GetAggregateCallees() {
			stack[0] = withoutLine(m, stack[0])
		}
		node := int32(0)
		for i := len(stack) - 1; i >= 0; i-- {
			node = tree.Child(node, stack[i])
		}
		leaves = append(leaves, leaf{node, v})
	}
	m.Values = make([]int64, len(tree.Parents))
	for _, l := range leaves {
		m.Values[l.node] += l.value
	}
}

// withoutLine returns a location that lacks the line in its innermost function.
func withoutLine(m *engine.Merged, location int32) int32 {
	l := m.Table.Locations[location]
	if l.NumLines == 0 {
		return location
	}
	lines := append([]pprof.Line(nil), m.Table.Lines[l.FirstLine:l.FirstLine+l.NumLines]...)
	lines[0].Line, lines[0].Column = 0, 0
	return int32(m.Table.Location(0, l.Mapping, l.Folded, lines))
}
