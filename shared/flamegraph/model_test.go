package flamegraph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// sample is a stack, from the root to the leaf, with a value.
type sample struct {
	stack []string
	value int64
}

func treeOf(samples ...sample) *flamegraph.Tree {
	t := flamegraph.New()
	for _, s := range samples {
		t.AddStack(t.InternAll(s.stack), s.value)
	}
	return t
}

// folded reads "a;b;c 12" lines.
func folded(text string) (out []sample) {
	for line := range strings.Lines(text) {
		var s sample
		stack, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, _ = fmt.Sscan(value, &s.value)
		s.stack = strings.Split(stack, ";")
		out = append(out, s)
	}
	return out
}

// randomSamples share prefixes, recurse, and repeat.
func randomSamples(rng *rand.Rand, n, names, depth int) []sample {
	out := make([]sample, n)
	for i := range out {
		if i > 0 && rng.IntN(3) == 0 {
			out[i].stack = slices.Clone(out[rng.IntN(i)].stack)
		}
		for range rng.IntN(depth) {
			name := fmt.Sprintf("f%d", rng.IntN(names))
			if rng.IntN(20) == 0 {
				name = flamegraph.OtherName
			}
			out[i].stack = append(out[i].stack, name)
		}
		out[i].value = int64(rng.IntN(5)) * int64(rng.IntN(100))
	}
	return out
}

// model is the naive tree that the real one is held against.
type model struct {
	self, total int64
	children    map[string]*model
}

func (m *model) child(name string) *model {
	if m.children == nil {
		m.children = map[string]*model{}
	}
	if m.children[name] == nil {
		m.children[name] = &model{}
	}
	return m.children[name]
}

func modelOf(samples []sample) *model {
	root := &model{}
	for _, s := range samples {
		if s.value == 0 {
			continue
		}
		n := root
		n.total += s.value
		for _, name := range s.stack {
			n = n.child(name)
			n.total += s.value
		}
		n.self += s.value
	}
	return root
}

// truncate keeps the heaviest nodes, the higher and then the more left of
// equals, and sums up the rest.
func (m *model) truncate(maxNodes int) {
	type place struct {
		weight      int64
		depth, rank int
		node        *model
	}
	var all []place
	level := []*model{m}
	for depth := 0; len(level) > 0; depth++ {
		var next []*model
		for rank, n := range level {
			all = append(all, place{n.total, depth, rank, n})
			for _, name := range n.order() {
				next = append(next, n.children[name])
			}
		}
		level = next
	}
	all = all[1:]
	if maxNodes <= 0 || len(all) <= maxNodes {
		return
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].weight > all[j].weight }) // stable: all is by depth and rank
	kept := map[*model]bool{}
	for _, p := range all[:maxNodes] {
		kept[p.node] = true
	}
	m.cut(kept)
}

func (m *model) cut(kept map[*model]bool) {
	var rest int64
	for name, c := range m.children {
		if !kept[c] {
			rest += c.total
			delete(m.children, name)
			continue
		}
		c.cut(kept)
	}
	if rest > 0 {
		other := m.child(flamegraph.OtherName)
		other.self += rest
		other.total += rest
	}
}

func (m *model) order() []string {
	names := slices.Sorted(maps.Keys(m.children))
	slices.Reverse(names)
	return names
}

// String tells models apart: each node with depth, self and total.
func (m *model) String() string {
	var b strings.Builder
	var write func(name string, n *model, depth int)
	write = func(name string, n *model, depth int) {
		fmt.Fprintf(&b, "%s%s %d/%d\n", strings.Repeat(" ", depth), name, n.self, n.total)
		for _, name := range n.order() {
			write(name, n.children[name], depth+1)
		}
	}
	write("total", m, 0)
	return b.String()
}

func (m *model) size() int {
	n := 1
	for _, c := range m.children {
		n += c.size()
	}
	return n
}

// decode reads the levels of one side of a flame graph: bars of size numbers,
// of which those of the side start at offset at. Bars are placed under the one
// above whose room they are in; those of no width, which a comparison has, are
// left out.
func decode(t *testing.T, names []string, levels []*querierv1.Level, size, at int) *model {
	type placed struct {
		node       *model
		start, end int64 // where children may be
	}
	require.Equal(t, "total", names[0])
	require.Len(t, levels[0].Values, size)
	root := &model{}
	var above []placed
	for depth, level := range levels {
		var row []placed
		var x int64
		require.Zero(t, len(level.Values)%size)
		for i := 0; i < len(level.Values); i += size {
			v := level.Values[i+at:]
			delta, total, self, name := v[0], v[1], v[2], names[level.Values[i+size-1]]
			require.GreaterOrEqual(t, delta, int64(0))
			x += delta
			if total == 0 {
				require.True(t, size == 7 || depth == 0, "only a comparison has bars of no width")
				continue
			}
			n := root
			if depth > 0 {
				p := slices.IndexFunc(above, func(p placed) bool { return p.start <= x && x+total <= p.end })
				require.GreaterOrEqual(t, p, 0, "bar %q at %d in level %d stands in the air", name, x, depth)
				require.NotContains(t, above[p].node.children, name, "two siblings of one name")
				n = above[p].node.child(name)
			}
			n.self, n.total = self, total
			row = append(row, placed{n, x + self, x + total})
			x += total
		}
		above = row
	}
	return root
}
