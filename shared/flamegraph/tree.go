package flamegraph

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Node is a place in a tree: a stack trace, seen from the root. Nodes are
// numbered as they are made, so that a parent is always less than its children.
type Node uint32

// Root is the empty stack. It has no name.
const Root Node = 0

// Tree is a prefix tree of function names with a value at each node. A value
// counts samples in the unit of the profile type and is never negative; the
// sum over a tree stops at the largest int64.
//
// A Tree may be read and rendered by several goroutines at once as long as
// none changes it.
type Tree struct {
	names names

	keys  []uint64 // by node: parent in the upper half, name in the lower; 0 of the root
	self  []int64  // by node: value of the stacks that end here
	total int64

	index nodeIndex
}

// New returns an empty tree.
func New() *Tree {
	return &Tree{
		names: newNames(),
		keys:  make([]uint64, 1, 64),
		self:  make([]int64, 1, 64),
		index: nodeIndex{seed: rand.Uint64()}, // only spreads the nodes, never shows
	}
}

// Intern returns the number of a function name in this tree.
func (t *Tree) Intern(name string) Name { return t.names.intern(name) }

// InternAll returns the numbers of many names, as of the string table of a
// dataset.
func (t *Tree) InternAll(names []string) []Name {
	out := make([]Name, len(names))
	for i, s := range names {
		out[i] = t.names.intern(s)
	}
	return out
}

// Names lists the names by number. The caller must not change it.
func (t *Tree) Names() []string { return t.names.list }

// Child returns the child of a node that has the name, making it if it is not
// there.
func (t *Tree) Child(parent Node, name Name) Node {
	key := uint64(parent)<<32 | uint64(name)
	n, ok := t.index.find(key, t.keys)
	if ok {
		return n
	}
	n = Node(len(t.keys))
	t.keys = append(t.keys, key)
	t.self = append(t.self, 0)
	t.index.add(n, t.keys)
	return n
}

// AddSelf adds to the value of the stacks that end at a node. Values that are
// not positive are ignored.
func (t *Tree) AddSelf(n Node, v int64) {
	if v <= 0 {
		return
	}
	// Bounding the sum of the tree bounds every part of it.
	v = min(v, math.MaxInt64-t.total)
	t.self[n] += v
	t.total += v
}

// AddStack adds the value of a stack, given from the root to the leaf.
func (t *Tree) AddStack(stack []Name, v int64) {
	n := Root
	for _, name := range stack {
		n = t.Child(n, name)
	}
	t.AddSelf(n, v)
}

// Merge adds all stacks of another tree, which it does not change. The order
// in which trees are merged does not show in what is rendered.
func (t *Tree) Merge(other *Tree) {
	for i, n := range t.place(other) {
		t.AddSelf(n, other.self[i])
	}
}

// place makes all nodes of another tree in this one, without their values, and
// returns by node of the other which they are.
func (t *Tree) place(other *Tree) []Node {
	const unknown = math.MaxUint32
	nodes := make([]Node, len(other.keys))
	names := make([]Name, len(other.names.list)) // only those in use are taken over
	for i := range names {
		names[i] = unknown
	}
	for i := 1; i < len(nodes); i++ {
		n := Node(i)
		name := other.name(n)
		if names[name] == unknown {
			names[name] = t.Intern(other.names.list[name])
		}
		nodes[n] = t.Child(nodes[other.Parent(n)], names[name])
	}
	return nodes
}

// Total is the sum of all values.
func (t *Tree) Total() int64 { return t.total }

// Len is the number of nodes with the root: at least 1.
func (t *Tree) Len() int { return len(t.keys) }

// Parent returns the parent of a node; the root is its own.
func (t *Tree) Parent(n Node) Node { return Node(t.keys[n] >> 32) }

func (t *Tree) name(n Node) Name { return Name(t.keys[n]) }

// FunctionName returns the name of a node, "" of the root.
func (t *Tree) FunctionName(n Node) string {
	if n == Root {
		return ""
	}
	return t.names.list[t.name(n)]
}

// Self is the value of the stacks that end at a node.
func (t *Tree) Self(n Node) int64 { return t.self[n] }

// Totals lists, by node, the values of the stacks that end at or below it.
func (t *Tree) Totals() []int64 { return t.sumUp(t.self) }

// sumUp adds to the value of each node those of the nodes below.
func (t *Tree) sumUp(self []int64) []int64 {
	total := slices.Clone(self)
	for i := len(total) - 1; i > 0; i-- { // children come after their parents
		total[t.keys[i]>>32] += total[i]
	}
	return total
}

// Stacks yields the stacks that have a value, from the root to the leaf, in no
// order that means anything. The slice is good until the next one.
func (t *Tree) Stacks() iter.Seq2[[]string, int64] {
	return func(yield func([]string, int64) bool) {
		var stack []string
		for i, v := range t.self {
			if v == 0 {
				continue
			}
			stack = stack[:0]
			for n := Node(i); n != Root; n = t.Parent(n) {
				stack = append(stack, t.FunctionName(n))
			}
			slices.Reverse(stack)
			if !yield(stack, v) {
				return
			}
		}
	}
}
