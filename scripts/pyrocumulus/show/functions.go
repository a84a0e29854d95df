package show

import (
	"cmp"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// function is what a function takes by itself, and with what it calls; a
// recursive one counts once in a stack.
type function struct {
	Name  string `json:"name"`
	Self  int64  `json:"self"`
	Total int64  `json:"total"`
}

// functionsOf lists the functions of a tree, the greatest by themselves first.
func functionsOf(tree *flamegraph.Tree) []function {
	byName := make(map[string]*function)
	of := func(name string) *function {
		f := byName[name]
		if f == nil {
			f = &function{Name: name}
			byName[name] = f
		}
		return f
	}
	for stack, v := range tree.Stacks() {
		if len(stack) == 0 {
			continue
		}
		for i, name := range stack {
			if !slices.Contains(stack[:i], name) {
				of(name).Total += v
			}
		}
		of(stack[len(stack)-1]).Self += v
	}
	all := make([]function, 0, len(byName))
	for _, f := range byName {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b function) int {
		return cmp.Or(cmp.Compare(b.Self, a.Self), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Name, b.Name))
	})
	return all
}
