package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The bounds of a graph, as with Pyroscope: it shows the heaviest functions of
// a tree that is cut to its heaviest nodes.
const (
	dotTreeNodes = 512
	dotNodes     = 100
)

// dot returns a graph of the calls between functions in the language of
// Graphviz.
func (h *Handler) dot(ctx context.Context, q *stackQuery) (string, error) {
	tree, err := h.tree(ctx, q)
	if err != nil {
		return "", err
	}
	cut, err := flamegraph.ParseTree(tree.AppendTree(nil, dotTreeNodes))
	if err != nil {
		return "", fmt.Errorf("cut the tree of a graph: %w", err)
	}
	return newCallGraph(cut, dotNodes).render(q.query.Type), nil
}

// callGraph is which function calls which, and how much of the values that is.
type callGraph struct {
	total int64
	names []string // of the nodes, heaviest first
	nodes map[string]*callNode
	edges map[[2]string]*callEdge
}

type callNode struct{ self, total int64 }

type callEdge struct {
	value  int64
	direct bool // some calls have no functions between them that are not shown
}

// newCallGraph makes the graph of the functions of a tree that have the
// greatest totals. A function counts once for each stack trace, however often
// it calls itself.
func newCallGraph(t *flamegraph.Tree, maxNodes int) *callGraph {
	g := &callGraph{total: t.Total(), nodes: make(map[string]*callNode), edges: make(map[[2]string]*callEdge)}
	for stack, v := range t.Stacks() {
		seen := make(map[string]bool, len(stack))
		for i, name := range stack {
			n := g.nodes[name]
			if n == nil {
				n = &callNode{}
				g.nodes[name] = n
			}
			if !seen[name] {
				seen[name] = true
				n.total += v
			}
			if i == len(stack)-1 {
				n.self += v
			}
		}
	}
	g.names = slices.SortedFunc(maps.Keys(g.nodes), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.nodes[b].total, g.nodes[a].total), strings.Compare(a, b))
	})
	g.names = g.names[:min(len(g.names), maxNodes)]
	shown := make(map[string]bool, len(g.names))
	for _, name := range g.names {
		shown[name] = true
	}
	for stack, v := range t.Stacks() {
		g.connect(stack, v, shown)
	}
	return g
}

// connect adds the calls of a stack trace between functions that are shown.
func (g *callGraph) connect(stack []string, v int64, shown map[string]bool) {
	seen := make(map[[2]string]bool, len(stack))
	last := -1
	for i, name := range stack {
		if !shown[name] {
			continue
		}
		if last >= 0 {
			k := [2]string{stack[last], name}
			e := g.edges[k]
			if e == nil {
				e = &callEdge{}
				g.edges[k] = e
			}
			e.direct = e.direct || i == last+1
			if !seen[k] {
				seen[k] = true
				e.value += v
			}
		}
		last = i
	}
}

func (g *callGraph) render(typ profile.Type) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotString(typ.String()))
	b.WriteString("node [style=filled fillcolor=\"#f8f8f8\" shape=box]\n")
	legend := fmt.Sprintf("Type: %s\nTotal: %s\nShowing %d of %d functions", typ.Sample.Type, quantity(g.total, typ.Sample.Unit), len(g.names), len(g.nodes))
	fmt.Fprintf(&b, "subgraph cluster_L { L [fontsize=16 label=%s] }\n", dotString(legend))
	ids := make(map[string]int, len(g.names))
	for i, name := range g.names {
		ids[name] = i + 1
		n := g.nodes[name]
		label := name + "\n" + g.share(n.self, typ)
		if n.self != n.total {
			label += "\nof " + g.share(n.total, typ)
		}
		// Between 8 and 24 points by what the function has itself.
		size := 8 + int(16*float64(n.self)/float64(max(g.total, 1)))
		fmt.Fprintf(&b, "N%d [label=%s fontsize=%d]\n", i+1, dotString(label), size)
	}
	for _, k := range slices.SortedFunc(maps.Keys(g.edges), func(x, y [2]string) int {
		return cmp.Or(cmp.Compare(ids[x[0]], ids[y[0]]), cmp.Compare(ids[x[1]], ids[y[1]]))
	}) {
		e := g.edges[k]
		style := ""
		if !e.direct {
			style = " style=dashed"
		}
		fmt.Fprintf(&b, "N%d -> N%d [label=%s weight=%d%s]\n", ids[k[0]], ids[k[1]], dotString(quantity(e.value, typ.Sample.Unit)),
			1+int(99*float64(e.value)/float64(max(g.total, 1))), style)
	}
	b.WriteString("}\n")
	return b.String()
}

// share is a value and which part of all it is.
func (g *callGraph) share(v int64, typ profile.Type) string {
	return fmt.Sprintf("%s (%.2f%%)", quantity(v, typ.Sample.Unit), 100*float64(v)/float64(max(g.total, 1)))
}

// quantity is a value with its unit, for people.
func quantity(v int64, unit string) string {
	switch {
	case unit == "nanoseconds":
		return time.Duration(v).String()
	case unit == "bytes" && v >= 1<<10:
		scaled, prefix := float64(v)/(1<<10), 0
		for ; scaled >= 1<<10; prefix++ {
			scaled /= 1 << 10
		}
		return fmt.Sprintf("%.2f %ciB", scaled, "KMGTPE"[prefix])
	}
	return fmt.Sprintf("%d %s", v, unit)
}

// dotString quotes text for Graphviz. Backslashes would start its own escapes.
func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\uFFFD")) + `"`
}
