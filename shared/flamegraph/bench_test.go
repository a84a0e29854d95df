package flamegraph_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// dataset is a string table and stacks of indices into it, as stored.
type dataset struct {
	names  []string
	stacks [][]int
}

// datasets makes many small programs that share most of their stacks: about
// 5000 nodes each and 100k together.
func datasets() (out []dataset) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		var d dataset
		for i := range 2000 {
			d.names = append(d.names, fmt.Sprintf("github.com/example/service/internal/pkg%d.(*Type%d).Method%d", i%37, i%101, i))
		}
		for range 600 {
			var stack []int
			if len(d.stacks) > 0 {
				from := d.stacks[rng.IntN(len(d.stacks))]
				stack = append(stack, from[:rng.IntN(len(from)+1)]...)
			}
			for range 5 + rng.IntN(8) {
				stack = append(stack, rng.IntN(len(d.names)))
			}
			d.stacks = append(d.stacks, stack)
		}
		out = append(out, d)
	}
	return out
}

func (d dataset) addTo(t *flamegraph.Tree) {
	names := t.InternAll(d.names)
	for i, stack := range d.stacks {
		n := flamegraph.Root
		for _, f := range stack {
			n = t.Child(n, names[f])
		}
		t.AddSelf(n, int64(i+1))
	}
}

func trees() (out []*flamegraph.Tree) {
	for _, d := range datasets() {
		t := flamegraph.New()
		d.addTo(t)
		out = append(out, t)
	}
	return out
}

func merged(trees []*flamegraph.Tree) *flamegraph.Tree {
	t := flamegraph.New()
	for _, other := range trees {
		t.Merge(other)
	}
	return t
}

func BenchmarkBuild(b *testing.B) {
	all := datasets()
	b.ReportAllocs()
	nodes := 0
	for b.Loop() {
		t := flamegraph.New()
		for _, d := range all {
			d.addTo(t)
		}
		nodes = t.Len()
	}
	b.ReportMetric(float64(nodes), "nodes")
}

func BenchmarkMerge(b *testing.B) {
	all := trees()
	b.ReportAllocs()
	nodes := 0
	for b.Loop() {
		nodes = merged(all).Len()
	}
	b.ReportMetric(float64(nodes), "nodes")
}

// BenchmarkMergeKnown merges what is there already: lookups alone.
func BenchmarkMergeKnown(b *testing.B) {
	all := trees()
	t := merged(all)
	b.ReportAllocs()
	for b.Loop() {
		for _, other := range all {
			t.Merge(other)
		}
	}
}

func BenchmarkFlameGraph(b *testing.B) {
	t := merged(trees())
	for _, maxNodes := range []int64{8192, 0} {
		b.Run(fmt.Sprint(maxNodes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t.FlameGraph(maxNodes)
			}
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	all := trees()
	left, right := merged(all[:10]), merged(all[10:])
	b.ReportAllocs()
	for b.Loop() {
		flamegraph.Diff(left, right, 8192)
	}
}

func BenchmarkTreeBytes(b *testing.B) {
	t := merged(trees())
	bytes := t.AppendTree(nil, 0)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bytes = t.AppendTree(bytes[:0], 0)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := flamegraph.ParseTree(bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
}
