package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
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

// change is what a function takes by itself, before and after.
type change struct {
	Name   string `json:"name"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

func (c *cli) diff(ctx context.Context, flags *flag.FlagSet, args []string) error {
	q := c.questionFlags(flags)
	beforeQuery := flags.String("before-query", "", "label `matchers` of what to compare with; those of -query if empty")
	beforeFrom := flags.String("before-from", "", "`begin` of the range to compare with; that of -from if empty")
	beforeUntil := flags.String("before-until", "", "`end` of the range to compare with; that of -until if empty")
	n := flags.Int("n", 20, "`functions` to show")
	asJSON := flags.Bool("json", false, "print JSON")
	after, typ, err := c.ask(ctx, flags, q, args)
	if err != nil {
		return err
	}
	other := *q
	other.typ, other.query = typ, cmp.Or(*beforeQuery, q.query)
	s, err := parseSpan(cmp.Or(*beforeFrom, q.from), cmp.Or(*beforeUntil, q.until), c.now())
	if err != nil {
		return fmt.Errorf("range to compare with: %w", err)
	}
	before, err := other.tree(ctx, typ, matchers(q.service, other.query), s)
	if err != nil {
		return err
	}
	rows := changes(functionsOf(before), functionsOf(after))
	rows = rows[:min(*n, len(rows))]
	if *asJSON {
		return c.json(struct {
			Type      string   `json:"type"`
			Before    int64    `json:"before"`
			After     int64    `json:"after"`
			Functions []change `json:"functions"`
		}{typ, before.Total(), after.Total(), rows})
	}
	unit := unitOf(typ)
	fmt.Fprintf(c.stdout, "%s by function itself, before %s, after %s\n\n%12s %12s %12s\n", typ,
		quantity(before.Total(), unit), quantity(after.Total(), unit), "before", "after", "change")
	for _, r := range rows {
		fmt.Fprintf(c.stdout, "%12s %12s %12s  %s\n", quantity(r.Before, unit), quantity(r.After, unit), quantity(r.After-r.Before, unit), r.Name)
	}
	return nil
}

// changes joins two lists by name, the greatest differences first.
func changes(before, after []function) []change {
	byName := make(map[string]change)
	for _, f := range before {
		byName[f.Name] = change{Name: f.Name, Before: f.Self}
	}
	for _, f := range after {
		r := byName[f.Name]
		r.Name, r.After = f.Name, f.Self
		byName[f.Name] = r
	}
	var rows []change
	for _, r := range byName {
		if r.Before != r.After {
			rows = append(rows, r)
		}
	}
	size := func(r change) int64 { return max(r.After-r.Before, r.Before-r.After) }
	slices.SortFunc(rows, func(a, b change) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

func (c *cli) json(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
