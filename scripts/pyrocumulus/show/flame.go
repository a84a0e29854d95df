package show

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// textWidth is how wide what is not shown on a terminal is.
const textWidth = 120

// Flame shows a flame graph.
func Flame() *command.Command {
	return &command.Command{
		Name: "flame", Short: "show a flame graph as text",
		Long:     "Shown are the 60 heaviest functions; -json has all of them.",
		Examples: []string{"flame -service shop", `flame -service shop -query '{pod="pod-1"}' -from now-15m`, "flame -service shop -type alloc_space -json"},
		JSON: `{"type": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "unit": "nanoseconds",
 "query": "{service_name=\"shop\"}", "from": "2026-01-02T15:00:00Z", "until": "2026-01-02T16:00:00Z", "total": 100,
 "root": {"name": "total", "self": 0, "total": 100, "children": [
  {"name": "main", "self": 100, "total": 100, "children": []}]}}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			q := question.Flags(env, flags)
			width := flags.Int("width", 0, "`characters` of a line; 0: as wide as the terminal, or 120")
			asJSON := command.JSONFlag(flags)
			return command.Action{Complete: q.Complete, Run: func(ctx context.Context, args []string) error {
				tree, p, err := ask(ctx, q, args)
				if err != nil {
					return err
				}
				if *asJSON {
					return env.JSON(struct {
						measure
						selection
						Root *node `json:"root"`
					}{measureOf(p), selectionOf(p, tree), nodes(tree)})
				}
				text := tree.Text(cmp.Or(*width, env.Out.Width, textWidth))
				_, err = fmt.Fprintf(env.Stdout, "%s, total %s\n\n%s", p.Type, quantity(tree.Total(), p.Unit()), paintBars(env.Out, text))
				return err
			}}
		},
	}
}

// node is a function in its place of the tree.
type node struct {
	Name     string  `json:"name"`
	Self     int64   `json:"self"`
	Total    int64   `json:"total"`
	Children []*node `json:"children"`
	byName   map[string]*node
}

func newNode(name string) *node {
	return &node{Name: name, Children: []*node{}, byName: make(map[string]*node)}
}

// nodes puts stacks together, the heaviest children first.
func nodes(tree *flamegraph.Tree) *node {
	root := newNode("total")
	for stack, v := range tree.Stacks() {
		at := root
		at.Total += v
		for _, name := range stack {
			next := at.byName[name]
			if next == nil {
				next = newNode(name)
				at.byName[name] = next
				at.Children = append(at.Children, next)
			}
			at = next
			at.Total += v
		}
		at.Self += v
	}
	root.sort()
	return root
}

func (n *node) sort() {
	slices.SortFunc(n.Children, func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), strings.Compare(a.Name, b.Name))
	})
	for _, c := range n.Children {
		c.sort()
	}
}

var bar = regexp.MustCompile(`(?m)^( *[0-9.]+% )(█+)`)

// paintBars gives the bars of a flame graph a colour.
func paintBars(screen terminal.Screen, text string) string {
	if !screen.Colour {
		return text
	}
	return bar.ReplaceAllStringFunc(text, func(line string) string {
		parts := bar.FindStringSubmatch(line)
		return parts[1] + screen.Paint(terminal.Yellow, parts[2])
	})
}
