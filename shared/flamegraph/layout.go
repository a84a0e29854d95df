package flamegraph

import (
	"math"
	"slices"
	"strings"
)

// OtherName is the name of the node that stands for what truncation cut off
// below a node.
const OtherName = "other"

// column is one set of values over the nodes of a tree.
type column struct{ self, total []int64 }

// bar is a place in what is rendered.
type bar struct {
	node       Node  // noNode if the bar stands for nothing but what was cut off
	first, end int32 // bars of the children
	rest       bool  // the bar has the values of the siblings that were cut off
}

const noNode Node = math.MaxUint32

// layout is what is rendered of a tree: its bars level by level, from left to
// right. bars[0] is the root.
type layout struct {
	tree   *Tree
	bars   []bar
	levels []int // where each level ends in bars
}

// builder makes a layout.
type builder struct {
	layout
	weight []uint64 // by node: sum of the totals of all columns
	self   []uint64 // likewise
	floor  uint64   // least weight of a node that is kept
	ties   int      // how many nodes of just that weight are kept

	kids     []Node   // nodes of at least that weight, by parent
	kidsFrom []uint32 // by node + 1: where its kids start; those of the next end them
}

// layOut decides what is rendered: the nodes that have a value, and of these
// the maxNodes heaviest if maxNodes is positive. Among equals, those nearer to
// the root come first, and then those further to the left. The root and what
// stands for the cut off parts do not count. The weight is the total over all
// columns. Siblings are in the reverse order of their names.
func (t *Tree) layOut(maxNodes int64, columns ...column) *layout {
	b := builder{layout: layout{tree: t}, weight: make([]uint64, t.Len()), self: make([]uint64, t.Len())}
	for _, c := range columns {
		for n, v := range c.total {
			b.weight[n] += uint64(v)
			b.self[n] += uint64(c.self[n])
		}
	}
	kept := b.chooseFloor(maxNodes)
	b.groupByParent()
	b.bars = append(make([]bar, 0, kept+kept/4+1), bar{node: Root})
	for start, end := 0, 1; start < end; start, end = end, len(b.bars) {
		b.levels = append(b.levels, end)
		for i := start; i < end; i++ {
			b.expand(i)
		}
	}
	return &b.layout
}

// chooseFloor sets floor and ties such that at most maxNodes nodes are kept,
// and returns how many are.
func (b *builder) chooseFloor(maxNodes int64) int {
	b.floor, b.ties = 1, math.MaxInt
	weights := make([]uint64, 0, len(b.weight))
	for _, w := range b.weight[1:] {
		if w > 0 {
			weights = append(weights, w)
		}
	}
	if maxNodes <= 0 || int64(len(weights)) <= maxNodes {
		return len(weights)
	}
	b.floor, b.ties = kthLargest(weights, int(maxNodes))
	return int(maxNodes)
}

// groupByParent lists for each node its children that are heavy enough.
func (b *builder) groupByParent() {
	t := b.tree
	b.kidsFrom = make([]uint32, t.Len()+2)
	count := 0
	for n := 1; n < t.Len(); n++ {
		if b.weight[n] >= b.floor {
			b.kidsFrom[t.Parent(Node(n))+1]++
			count++
		}
	}
	for n := 1; n < len(b.kidsFrom); n++ {
		b.kidsFrom[n] += b.kidsFrom[n-1]
	}
	// Now kidsFrom has, at node + 1, the ends. Filling from the back makes them
	// the starts.
	b.kids = make([]Node, count)
	for n := t.Len() - 1; n > 0; n-- {
		if b.weight[n] >= b.floor {
			end := &b.kidsFrom[t.Parent(Node(n))+1]
			*end--
			b.kids[*end] = Node(n)
		}
	}
}

// expand appends the bars of the children of a bar.
func (b *builder) expand(i int) {
	n := b.bars[i].node
	if n == noNode {
		return
	}
	kids := b.kids[b.kidsFrom[n+1]:b.kidsFrom[n+2]]
	if len(kids) > 1 {
		slices.SortFunc(kids, func(x, y Node) int {
			return strings.Compare(b.tree.FunctionName(y), b.tree.FunctionName(x))
		})
	}
	first, left := len(b.bars), b.weight[n]-b.self[n]
	for _, kid := range kids {
		if b.weight[kid] == b.floor {
			if b.ties == 0 {
				continue
			}
			b.ties--
		}
		b.bars = append(b.bars, bar{node: kid})
		left -= b.weight[kid]
	}
	if left > 0 {
		b.addRest(first)
	}
	b.bars[i].first, b.bars[i].end = int32(first), int32(len(b.bars))
}

// addRest adds what was cut off to the siblings in bars[first:]. A function
// that is called "other" itself takes it up, so that siblings have different
// names.
func (b *builder) addRest(first int) {
	at, found := slices.BinarySearchFunc(b.bars[first:], OtherName, func(x bar, name string) int {
		return strings.Compare(name, b.tree.FunctionName(x.node))
	})
	if !found {
		b.bars = slices.Insert(b.bars, first+at, bar{node: noNode})
	}
	b.bars[first+at].rest = true
}

// name is the function name of a bar, "" of the root.
func (l *layout) name(x bar) string {
	if x.node == noNode {
		return OtherName
	}
	return l.tree.FunctionName(x.node)
}

// values returns a column by bar instead of by node.
func (l *layout) values(c column) column {
	out := column{self: make([]int64, len(l.bars)), total: make([]int64, len(l.bars))}
	for i, x := range l.bars {
		if x.node == noNode {
			continue
		}
		out.self[i] += c.self[x.node]
		out.total[i] += c.total[x.node]

		rest, left := -1, c.total[x.node]-c.self[x.node]
		for j := x.first; j < x.end; j++ {
			if l.bars[j].rest {
				rest = int(j)
			}
			if n := l.bars[j].node; n != noNode {
				left -= c.total[n]
			}
		}
		if rest >= 0 {
			out.self[rest] += left
			out.total[rest] += left
		}
	}
	return out
}

// offsets returns by bar where it starts: children stand side by side from
// the end of what their parent has itself.
func (l *layout) offsets(c column) []int64 {
	x := make([]int64, len(l.bars))
	for i, b := range l.bars {
		at := x[i] + c.self[i]
		for j := b.first; j < b.end; j++ {
			x[j] = at
			at += c.total[j]
		}
	}
	return x
}

// nameTable numbers the names of the bars in order of appearance, behind
// "total", the name of the root.
func (l *layout) nameTable() (table []string, index []int64) {
	table = append(table, "total")
	index = make([]int64, len(l.bars))
	seen := make([]int32, len(l.tree.names.list)) // 0: not yet, as no function has the index of the root
	var otherIndex int32
	other := &otherIndex
	if n, ok := l.tree.names.find(OtherName); ok {
		other = &seen[n]
	}
	for i := 1; i < len(l.bars); i++ {
		at := other
		if n := l.bars[i].node; n != noNode {
			at = &seen[l.tree.name(n)]
		}
		if *at == 0 {
			*at = int32(len(table))
			table = append(table, l.name(l.bars[i]))
		}
		index[i] = int64(*at)
	}
	return table, index
}
