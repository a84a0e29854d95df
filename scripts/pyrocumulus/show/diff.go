package show

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
	"github.com/pyrocumulus/pyrocumulus/shared/attime"
)

const diffHelp = `-from, -until and -query say what is looked at. It is compared with

  the time just before, as long    if nothing else is said
  -before 24h                      the same range that much earlier
  -before-from, -before-until      another range
  -before-query                    other labels; of the same time, unless one of the above is given`

// Diff compares two ranges of time, or two label sets.
func Diff() *command.Command {
	return &command.Command{
		Name: "diff", Short: "compare two ranges of time, or two label sets, by function", Long: diffHelp,
		Examples: []string{
			"diff -service shop -from now-1m", "diff -service shop -from now-1h -before 24h",
			`diff -service shop -query '{version="2"}' -before-query '{version="1"}'`,
		},
		JSON: `{"type": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "unit": "nanoseconds",
 "before": {"query": "{service_name=\"shop\"}", "from": "2026-01-02T15:58:00Z", "until": "2026-01-02T15:59:00Z", "total": 100},
 "after": {"query": "{service_name=\"shop\"}", "from": "2026-01-02T15:59:00Z", "until": "2026-01-02T16:00:00Z", "total": 120},
 "functions": [{"name": "main", "before": 40, "after": 60}]}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			q := question.Flags(env, flags)
			o := otherFlags(flags)
			n := countFlag(flags)
			asJSON := command.JSONFlag(flags)
			return command.Action{Complete: q.Complete, Run: func(ctx context.Context, args []string) error {
				c, err := compare(ctx, env, q, o, args)
				if err != nil {
					return err
				}
				c.Functions = first(*n, c.Functions)
				if *asJSON {
					return env.JSON(c)
				}
				c.print(env)
				return nil
			}}
		},
	}
}

// other is what to compare with.
type other struct{ shift, from, until, query string }

func otherFlags(flags *flag.FlagSet) *other {
	o := &other{}
	flags.StringVar(&o.shift, "before", "", "compare with the same range so much `earlier`, as 1m, 24h, 7d")
	flags.StringVar(&o.from, "before-from", "", "`begin` of the range to compare with")
	flags.StringVar(&o.until, "before-until", "", "`end` of the range to compare with; if empty, as long after its begin as -until after -from")
	flags.StringVar(&o.query, "before-query", "", "label `matchers` of what to compare with; those of -query if empty")
	return o
}

// span is the range to compare with.
func (o *other) span(after question.Span, now time.Time) (question.Span, error) {
	length := after.Until - after.From
	switch {
	case o.shift != "" && (o.from != "" || o.until != ""):
		return question.Span{}, command.Usagef("-before and -before-from say the same thing: give one of them")
	case o.until != "" && o.from == "":
		return question.Span{}, command.Usagef("-before-until needs -before-from")
	case o.shift != "":
		earlier, err := attime.Parse("now-"+o.shift, now)
		if err != nil || !earlier.Before(now) {
			return question.Span{}, command.Usagef("-before %q: want how much earlier, as 1m, 24h, 7d", o.shift)
		}
		shift := now.Sub(earlier).Milliseconds()
		return question.Span{From: after.From - shift, Until: after.Until - shift}, nil
	case o.from != "":
		begin, err := attime.Parse(o.from, now)
		if err != nil {
			return question.Span{}, command.Usagef("-before-from %q: %w", o.from, err)
		}
		if o.until == "" {
			return question.Span{From: begin.UnixMilli(), Until: begin.UnixMilli() + length}, nil
		}
		r := question.Range{From: o.from, Until: o.until}
		span, err := r.Span(now)
		if err != nil {
			return span, fmt.Errorf("range to compare with: %w", err)
		}
		return span, nil
	case o.query != "":
		return after, nil
	}
	return question.Span{From: after.From - length, Until: after.From}, nil
}

// change is what a function takes by itself, before and after.
type change struct {
	Name   string `json:"name"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// comparison is what changed.
type comparison struct {
	measure
	Before    selection `json:"before"`
	After     selection `json:"after"`
	Functions []change  `json:"functions"`
}

func compare(ctx context.Context, env *command.Env, q *question.Question, o *other, args []string) (comparison, error) {
	if err := command.NoArgs(args); err != nil {
		return comparison{}, err
	}
	now := q.Now()
	span, err := q.Span(now)
	if err != nil {
		return comparison{}, err
	}
	if span, err = o.span(span, now); err != nil {
		return comparison{}, err
	}
	after, p, err := ask(ctx, q, args)
	if err != nil {
		return comparison{}, err
	}
	with := question.Plain{Type: p.Type, Query: question.Matchers(q.Service, cmp.Or(o.query, q.Query)), Span: span}
	before, err := q.Tree(ctx, with)
	if err != nil {
		return comparison{}, err
	}
	if before.Total() == 0 {
		fmt.Fprintf(env.Stderr, "Nothing to compare with: %v\n", question.Nothing(with))
	}
	return comparison{measureOf(p), selectionOf(with, before), selectionOf(p, after), changes(functionsOf(before), functionsOf(after))}, nil
}

func (c comparison) print(env *command.Env) {
	text := func(v int64) string { return quantity(v, c.Unit) }
	fmt.Fprintf(env.Stdout, "%s by function itself\n", c.Type)
	for _, one := range []struct {
		name string
		selection
	}{{"before", c.Before}, {"after", c.After}} {
		fmt.Fprintf(env.Stdout, "%-6s %12s  %s to %s  %s\n", one.name, text(one.Total),
			one.From.Format(time.DateTime), one.Until.Format(time.DateTime), one.Query)
	}
	fmt.Fprintf(env.Stdout, "\n%12s %12s %12s\n", "before", "after", "change")
	for _, r := range c.Functions {
		style := terminal.Red
		if r.After < r.Before {
			style = terminal.Green
		}
		fmt.Fprintf(env.Stdout, "%12s %12s %s  %s\n", text(r.Before), text(r.After),
			env.Out.Paint(style, fmt.Sprintf("%12s", text(r.After-r.Before))), r.Name)
	}
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
	rows := []change{}
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
