package engine

import (
	"context"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// Merged is the sum of profiles with all that is known of their stack traces.
type Merged struct {
	Table *symtab.Table
	// Values has a value for each node of Table.Stacks, of the stack traces
	// that end there; it may be shorter than the tree, the rest being 0.
	Values []int64
}

// Merge returns the sum of the selected profiles.
func (e *Engine) Merge(ctx context.Context, blocks []*block.Meta, q Query) (*Merged, error) {
	req := block.Request{
		Service: services(q.Selector), Type: &q.Type, From: q.From, To: q.To, Bounds: q.Bounds, Sums: q.sums(),
		Need: needStacks(&q) | block.NeedFrames,
	}
	workers, err := each(ctx, e, blocks, req,
		func() *mergeWorker { return &mergeWorker{out: Merged{Table: symtab.New()}} },
		func(w *mergeWorker, dec *block.Decoder, d *block.Dataset) error { return w.add(&q, dec, d) },
	)
	if err != nil {
		return nil, err
	}
	out := &workers[0].out
	for _, w := range workers[1:] {
		out.add(&w.out)
	}
	return out, nil
}

// value adds to the value of a node.
func (m *Merged) value(node int32, v int64) {
	for int(node) >= len(m.Values) {
		m.Values = append(m.Values, make([]int64, int(node)+1-len(m.Values))...)
	}
	m.Values[node] += v
}

// add adds another sum.
func (m *Merged) add(o *Merged) {
	nodes := m.Table.Merge(o.Table)
	for n, v := range o.Values {
		if v != 0 {
			m.value(nodes[n], v)
		}
	}
}

type mergeWorker struct {
	summer
	out             Merged
	nodes           []int32 // by node of the dataset's tree
	wantedLocations []bool
}

// add adds the stack traces of a dataset.
func (w *mergeWorker) add(q *Query, dec *block.Decoder, d *block.Dataset) error {
	any, err := w.sum(q, dec, d)
	if err != nil || !any {
		return err
	}
	stacks, err := d.Stacks(dec)
	if err != nil {
		return err
	}
	w.addUp(stacks.Parents)
	w.wantedLocations = append(w.wantedLocations[:0], make([]bool, d.NumLocations())...)
	for i := 1; i < len(stacks.Locations); i++ {
		if w.totals[i] != 0 {
			w.wantedLocations[stacks.Locations[i]] = true
		}
	}
	locations, err := d.ImportLocations(dec, w.out.Table, w.wantedLocations)
	if err != nil {
		return err
	}
	w.nodes = append(w.nodes[:0], 0)
	for i := 1; i < len(stacks.Parents); i++ {
		node := int32(0)
		if w.totals[i] != 0 {
			node = w.out.Table.Stacks.Child(w.nodes[stacks.Parents[i]], int32(locations[stacks.Locations[i]]))
		}
		w.nodes = append(w.nodes, node)
	}
	for i, v := range w.sums {
		if v != 0 {
			w.out.value(w.nodes[i], v)
		}
	}
	return nil
}
