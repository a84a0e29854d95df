package engine

import (
	"context"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// Tree returns the stack traces of the selected profiles by function name.
func (e *Engine) Tree(ctx context.Context, blocks []*block.Meta, q Query) (*flamegraph.Tree, error) {
	req := block.Request{
		Service: services(q.Selector), Type: &q.Type, From: q.From, To: q.To, Bounds: q.Bounds, Sums: q.sums(),
		Need: needStacks(&q) | block.NeedNames,
	}
	workers, err := each(ctx, e, blocks, req,
		func() *treeWorker { return &treeWorker{tree: flamegraph.New()} },
		func(w *treeWorker, dec *block.Decoder, d *block.Dataset) error { return w.add(&q, dec, d) },
	)
	if err != nil {
		return nil, err
	}
	out := workers[0].tree
	for _, w := range workers[1:] {
		out.Merge(w.tree)
	}
	return out, nil
}

type treeWorker struct {
	summer
	tree  *flamegraph.Tree
	nodes []flamegraph.Node // by node of the dataset's tree
	names []flamegraph.Name // by position in the dataset's table of names
}

// unknown stands for a name that has no number in the tree yet.
const unknown = flamegraph.Name(math.MaxUint32)

// add adds the stack traces of a dataset to the tree.
func (w *treeWorker) add(q *Query, dec *block.Decoder, d *block.Dataset) error {
	any, err := w.sum(q, dec, d)
	if err != nil || !any {
		return err
	}
	stacks, err := d.Stacks(dec)
	if err != nil {
		return err
	}
	names, err := d.Names(dec)
	if err != nil {
		return err
	}
	w.addUp(stacks.Parents)
	w.names = w.names[:0]
	for range names.Table {
		w.names = append(w.names, unknown)
	}
	w.nodes = append(w.nodes[:0], flamegraph.Root)
	w.tree.AddSelf(flamegraph.Root, w.sums[0])
	for i := 1; i < len(stacks.Parents); i++ {
		if w.totals[i] == 0 {
			w.nodes = append(w.nodes, flamegraph.Root)
			continue
		}
		node := w.nodes[stacks.Parents[i]]
		location := stacks.Locations[i]
		for f := names.First[location+1] - 1; f >= names.First[location]; f-- {
			node = w.tree.Child(node, w.name(&names, names.IDs[f]))
		}
		w.nodes = append(w.nodes, node)
		w.tree.AddSelf(node, w.sums[i])
	}
	return nil
}

func (w *treeWorker) name(names *block.Names, id uint32) flamegraph.Name {
	n := w.names[id]
	if n == unknown {
		n = w.tree.Intern(names.Table[id])
		w.names[id] = n
	}
	return n
}
