package query

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// stackOrder is the part of a stack-trace tree that has values, in an order
// that follows from the stack traces alone: the numbers of nodes and locations
// depend on which worker was first, and answers to the same query must be
// equal.
type stackOrder struct {
	// nodes are the nodes with values at or below them, parents before their
	// children, the root not among them.
	nodes []int32
	// totals are the values at or below each node of the tree.
	totals []int64
}

// orderStacks orders a tree with the values that end at its nodes, of which
// there may be fewer than nodes.
func orderStacks(t *symtab.Table, values []int64) stackOrder {
	parents := t.Stacks.Parents
	totals := make([]int64, len(parents))
	copy(totals, values)
	for n := len(parents) - 1; n > 0; n-- {
		totals[parents[n]] += totals[n]
	}
	var nodes []int32
	for n := 1; n < len(parents); n++ {
		if totals[n] != 0 {
			nodes = append(nodes, int32(n))
		}
	}
	rank := rankLocations(t, nodes)
	slices.SortFunc(nodes, func(a, b int32) int {
		return cmp.Or(cmp.Compare(parents[a], parents[b]), cmp.Compare(rank[t.Stacks.Locations[a]], rank[t.Stacks.Locations[b]]))
	})
	return stackOrder{nodes: preorder(parents, nodes), totals: totals}
}

// preorder returns nodes, which are sorted by parent and in it as wanted, in
// depth-first order.
func preorder(parents, nodes []int32) []int32 {
	first, next := make([]int32, len(parents)), make([]int32, len(parents)) // 0, the root, is none
	for _, n := range slices.Backward(nodes) {
		next[n] = first[parents[n]]
		first[parents[n]] = n
	}
	out := make([]int32, 0, len(nodes))
	stack := []int32{first[0]}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n != 0 {
			out = append(out, n)
			stack = append(stack, next[n], first[n])
		}
	}
	return out
}

// rankLocations numbers the locations of nodes by what they are.
func rankLocations(t *symtab.Table, nodes []int32) []int32 {
	rank := make([]int32, len(t.Locations))
	var used []int32
	for _, n := range nodes {
		if l := t.Stacks.Locations[n]; rank[l] == 0 {
			rank[l] = -1
			used = append(used, l)
		}
	}
	slices.SortFunc(used, func(a, b int32) int { return compareLocations(t, &t.Locations[a], &t.Locations[b]) })
	for i, l := range used {
		rank[l] = int32(i)
	}
	return rank
}

// compareLocations orders locations by function names first, for readers.
func compareLocations(t *symtab.Table, a, b *pprof.Location) int {
	lines := func(l *pprof.Location) []pprof.Line { return t.Lines[l.FirstLine : l.FirstLine+l.NumLines] }
	c := slices.CompareFunc(lines(a), lines(b), func(a, b pprof.Line) int { return compareLines(t, a, b) })
	if c == 0 {
		c = cmp.Or(cmp.Compare(a.Address, b.Address), compareMappings(t, a.Mapping, b.Mapping))
	}
	if c == 0 && a.Folded != b.Folded {
		c = 1
		if b.Folded {
			c = -1
		}
	}
	return c
}

func compareLines(t *symtab.Table, a, b pprof.Line) int {
	if a.Function != b.Function {
		f, g := &t.Functions[a.Function], &t.Functions[b.Function]
		if c := cmp.Or(
			strings.Compare(t.Strings[f.Name], t.Strings[g.Name]),
			strings.Compare(t.Strings[f.SystemName], t.Strings[g.SystemName]),
			strings.Compare(t.Strings[f.File], t.Strings[g.File]),
			cmp.Compare(f.StartLine, g.StartLine),
		); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// compareMappings compares mappings by their positions plus 1; 0 is none.
func compareMappings(t *symtab.Table, a, b uint32) int {
	if a == b || a == 0 || b == 0 {
		return cmp.Compare(a, b)
	}
	m, n := &t.Mappings[a-1], &t.Mappings[b-1]
	return cmp.Or(
		strings.Compare(t.Strings[m.Binary], t.Strings[n.Binary]),
		strings.Compare(t.Strings[m.BuildID], t.Strings[n.BuildID]),
		cmp.Compare(m.Start, n.Start), cmp.Compare(m.Limit, n.Limit), cmp.Compare(m.Offset, n.Offset),
		cmp.Compare(m.Flags, n.Flags),
	)
}

// cut moves what ends at or below all but the max heaviest nodes to the node
// that they hang on, and returns it by node. Of equal nodes those that come
// first are kept, so that a node is never kept without its parent.
func (o *stackOrder) cut(parents []int32, max int64) map[int32]int64 {
	if max == 0 || int64(len(o.nodes)) <= max {
		return nil
	}
	heaviest := slices.Clone(o.nodes)
	slices.SortStableFunc(heaviest, func(a, b int32) int { return cmp.Compare(o.totals[b], o.totals[a]) })
	kept := make([]bool, len(parents))
	kept[0] = true
	for _, n := range heaviest[:max] {
		kept[n] = true
	}
	others := make(map[int32]int64)
	o.nodes = slices.DeleteFunc(o.nodes, func(n int32) bool {
		if !kept[n] && kept[parents[n]] {
			others[parents[n]] += o.totals[n]
		}
		return !kept[n]
	})
	return others
}
