// Package show is the commands that show stored profiles: as a flame graph of
// text, a table of functions, a pprof, or a comparison.
package show

import (
	"context"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// ask gets the tree that flags mean; nothing is an error.
func ask(ctx context.Context, q *question.Question, args []string) (*flamegraph.Tree, question.Plain, error) {
	if err := command.NoArgs(args); err != nil {
		return nil, question.Plain{}, err
	}
	p, err := q.Plain(ctx)
	if err != nil {
		return nil, p, err
	}
	tree, err := q.Tree(ctx, p)
	if err != nil {
		return nil, p, err
	}
	if tree.Total() == 0 {
		return nil, p, question.Nothing(p)
	}
	return tree, p, nil
}

// selection is which profiles an answer is of.
type selection struct {
	Query string    `json:"query"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Total int64     `json:"total"`
}

func selectionOf(p question.Plain, tree *flamegraph.Tree) selection {
	return selection{p.Query, time.UnixMilli(p.Span.From).UTC(), time.UnixMilli(p.Span.Until).UTC(), tree.Total()}
}

// measure is what values are.
type measure struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
}

func measureOf(p question.Plain) measure { return measure{p.Type, p.Unit()} }
