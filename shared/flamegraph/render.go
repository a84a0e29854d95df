package flamegraph

import (
	"math"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// FlameGraph renders the tree as Pyroscope does: levels of groups of four
// numbers (distance from the end of the bar before in the level, total, self,
// index of the name), where the only bar of level 0 is the root, "total".
//
// If maxNodes is positive, the maxNodes heaviest nodes are kept; what is cut
// off below a node becomes one child "other", so that totals stay. An empty
// tree has the root alone.
func (t *Tree) FlameGraph(maxNodes int64) *querierv1.FlameGraph {
	byNode := column{self: t.self, total: t.Totals()}
	l := t.layOut(maxNodes, byNode)
	c := l.values(byNode)
	x := l.offsets(c)
	names, index := l.nameTable()
	out := &querierv1.FlameGraph{Names: names, Total: t.total}
	for _, self := range c.self {
		out.MaxSelf = max(out.MaxSelf, self)
	}
	out.Levels = l.encode(4, func(i int, ends *[2]int64, values []int64) {
		values[0], values[1], values[2], values[3] = x[i]-ends[0], c.total[i], c.self[i], index[i]
		ends[0] = x[i] + c.total[i]
	})
	return out
}

// Diff renders two trees side by side: levels of groups of seven numbers
// (distance, total and self of the left tree, the same of the right one, index
// of the name). Nodes are cut off in both alike, by the sum of both. The
// greatest self value is that of one side.
func Diff(left, right *Tree, maxNodes int64) *querierv1.FlameGraphDiff {
	both := New()
	var byNode [2]column
	placed := [2][]Node{both.place(left), both.place(right)}
	for side, t := range []*Tree{left, right} {
		self := make([]int64, both.Len())
		for i, n := range placed[side] {
			self[n] += t.self[i]
		}
		byNode[side] = column{self: self, total: both.sumUp(self)}
	}
	l := both.layOut(maxNodes, byNode[0], byNode[1])
	names, index := l.nameTable()
	out := &querierv1.FlameGraphDiff{
		Names:      names,
		LeftTicks:  left.total,
		RightTicks: right.total,
		Total:      left.total + min(right.total, math.MaxInt64-left.total),
	}
	var c [2]column
	var x [2][]int64
	for side := range c {
		c[side] = l.values(byNode[side])
		x[side] = l.offsets(c[side])
		for _, self := range c[side].self {
			out.MaxSelf = max(out.MaxSelf, self)
		}
	}
	out.Levels = l.encode(7, func(i int, ends *[2]int64, values []int64) {
		for side := range c {
			total := c[side].total[i]
			copy(values[3*side:], []int64{x[side][i] - ends[side], total, c[side].self[i]})
			ends[side] = x[side][i] + total
		}
		values[6] = index[i]
	})
	return out
}

// encode makes the levels. fill writes the size numbers of a bar; ends is where
// the bar before ended in the level, to be moved on, for up to two sides.
func (l *layout) encode(size int, fill func(i int, ends *[2]int64, values []int64)) []*querierv1.Level {
	levels := make([]*querierv1.Level, 0, len(l.levels))
	all := make([]int64, size*len(l.bars))
	i := 0
	for _, end := range l.levels {
		start := i
		var ends [2]int64
		for ; i < end; i++ {
			fill(i, &ends, all[i*size:(i+1)*size])
		}
		levels = append(levels, &querierv1.Level{Values: all[start*size : end*size : end*size]})
	}
	return levels
}
