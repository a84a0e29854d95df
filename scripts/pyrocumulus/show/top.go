package show

import (
	"context"
	"flag"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
)

// Top shows the functions that take most.
func Top() *command.Command {
	return &command.Command{
		Name: "top", Short: "show the functions that take most",
		Long:     "self is what a function takes itself, total with all that it calls; what is recursive counts once.",
		Examples: []string{"top -service shop", "top -service shop -type alloc_space -n 5 -json"},
		JSON: `{"type": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "unit": "nanoseconds",
 "query": "{service_name=\"shop\"}", "from": "2026-01-02T15:00:00Z", "until": "2026-01-02T16:00:00Z", "total": 100,
 "functions": [{"name": "main", "self": 40, "total": 100}]}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			q := question.Flags(env, flags)
			n := countFlag(flags)
			asJSON := command.JSONFlag(flags)
			return command.Action{Complete: q.Complete, Run: func(ctx context.Context, args []string) error {
				tree, p, err := ask(ctx, q, args)
				if err != nil {
					return err
				}
				rows := first(*n, functionsOf(tree))
				if *asJSON {
					return env.JSON(struct {
						measure
						selection
						Functions []function `json:"functions"`
					}{measureOf(p), selectionOf(p, tree), rows})
				}
				fmt.Fprintf(env.Stdout, "%s, total %s\n\n%12s %7s %12s %7s\n", p.Type, quantity(tree.Total(), p.Unit()), "self", "", "total", "")
				for _, r := range rows {
					fmt.Fprintf(env.Stdout, "%12s %6.1f%% %12s %6.1f%%  %s\n", quantity(r.Self, p.Unit()), share(r.Self, tree.Total()),
						quantity(r.Total, p.Unit()), share(r.Total, tree.Total()), r.Name)
				}
				return nil
			}}
		},
	}
}

func countFlag(flags *flag.FlagSet) *int { return flags.Int("n", 20, "`functions` to show; 0 for all") }

// first returns the first n, all if it is 0.
func first[T any](n int, all []T) []T {
	if n <= 0 || n > len(all) {
		return all
	}
	return all[:n]
}
