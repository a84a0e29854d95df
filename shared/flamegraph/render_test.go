package flamegraph_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

var update = flag.Bool("update", false, "write the golden files")

const checkout = `
main.main;http.Serve;checkout.Handle;db.Query 40
main.main;http.Serve;checkout.Handle;json.Marshal 12
main.main;http.Serve;checkout.Handle 3
main.main;http.Serve;cart.Handle;db.Query 20
main.main;http.Serve;cart.Handle;db.Query;net.Read 5
main.main;http.Serve 1
runtime.gcBgMarkWorker;runtime.gcDrain 15
runtime.mcall;runtime.schedule 2
runtime.mcall;runtime.park_m 2
`

func levels(g *querierv1.FlameGraph) (out [][]int64) {
	for _, l := range g.Levels {
		out = append(out, l.Values)
	}
	return out
}

func TestFlameGraphOfAnEmptyTree(t *testing.T) {
	for name, tree := range map[string]*flamegraph.Tree{
		"new":       flamegraph.New(),
		"no values": treeOf(sample{[]string{"a", "b"}, 0}),
	} {
		g := tree.FlameGraph(10)
		require.Equal(t, []string{"total"}, g.Names, name)
		require.Equal(t, [][]int64{{0, 0, 0, 0}}, levels(g), name)
		require.Zero(t, g.Total)
		require.Zero(t, g.MaxSelf)
		require.Empty(t, tree.AppendTree(nil, 0))
		require.Empty(t, tree.Folded())
	}
	d := flamegraph.Diff(flamegraph.New(), flamegraph.New(), 10)
	require.Equal(t, []string{"total"}, d.Names)
	require.Len(t, d.Levels, 1)
	require.Equal(t, make([]int64, 7), d.Levels[0].Values)
}

func TestFlameGraphLevels(t *testing.T) {
	g := treeOf(folded("a;b;e 1\na;c 2\na;c;d 1\n")...).FlameGraph(0)
	require.Equal(t, []string{"total", "a", "c", "b", "d", "e"}, g.Names)
	require.Equal(t, [][]int64{
		{0, 4, 0, 0},
		{0, 4, 0, 1},
		{0, 3, 2, 2, 0, 1, 0, 3},
		{2, 1, 1, 4, 0, 1, 1, 5},
	}, levels(g))
	require.Equal(t, int64(4), g.Total)
	require.Equal(t, int64(2), g.MaxSelf)
}

func TestFlameGraphTruncation(t *testing.T) {
	for name, c := range map[string]struct {
		stacks string
		max    int64
		want   string
	}{
		"no limit":                  {"a;b 2\na;c 1", 0, "a;b 2\na;c 1"},
		"just enough":               {"a;b 2\na;c 1", 3, "a;b 2\na;c 1"},
		"the lightest goes":         {"a;b 2\na;c 1", 2, "a;b 2\na;other 1"},
		"all children go":           {"a;b 2\na;c 1", 1, "a;other 3"},
		"of equals the left stays":  {"a;b 2\na;c 2", 2, "a;c 2\na;other 2"},
		"of equals the upper stays": {"a;b;c;d 2", 2, "a;b;other 2"},
		"subtrees go as a whole":    {"a 9\nb;c;d 1\nb;e 1", 1, "a 9\nother 2"},
		"self values stay":          {"a 9\na;b 1", 1, "a 9\na;other 1"},
		"a function called other":   {"other 9\nother;x 1\nb 1", 1, "other 10\nother;other 1"},
		"other is one of the cut":   {"a 9\nother 1\nb 1", 1, "a 9\nother 2"},
		"values of the root":        {"a;b 1", 1, "a;other 1"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOf(folded(c.stacks)...)
			g := tree.FlameGraph(c.max)
			want := modelOf(folded(c.want))
			require.Equal(t, want.String(), decode(t, g.Names, g.Levels, 4, 0).String())
			back, err := flamegraph.ParseTree(tree.AppendTree(nil, c.max))
			require.NoError(t, err)
			require.Equal(t, treeOf(folded(c.want)...).Folded(), back.Folded())
		})
	}
}

func TestValuesOfTheRoot(t *testing.T) {
	tree := treeOf(sample{nil, 3}, sample{[]string{"a"}, 1})
	require.Equal(t, [][]int64{{0, 4, 3, 0}, {3, 1, 1, 1}}, levels(tree.FlameGraph(0)))
	require.Equal(t, "a 1\ntotal 3\n", tree.Folded())
}

func TestGolden(t *testing.T) {
	tree := treeOf(folded(strings.TrimSpace(checkout))...)
	later := treeOf(folded("main.main;http.Serve;checkout.Handle;db.Query 90\nmain.main;http.Serve;cart.Handle 10\nmain.main;new.Function 5")...)
	indented := func(m proto.Message) string {
		b, err := protojson.Marshal(m)
		require.NoError(t, err)
		return strings.ReplaceAll(strings.ReplaceAll(string(b), " ", ""), `{"values"`, "\n"+`{"values"`) + "\n"
	}
	for name, got := range map[string]string{
		"flamegraph.json":           indented(tree.FlameGraph(0)),
		"flamegraph-truncated.json": indented(tree.FlameGraph(6)),
		"diff.json":                 indented(flamegraph.Diff(tree, later, 0)),
		"diff-truncated.json":       indented(flamegraph.Diff(tree, later, 5)),
		"tree.txt":                  fmt.Sprintf("%q\n", tree.AppendTree(nil, 8)),
		"folded.txt":                tree.Folded(),
		"text.txt":                  tree.Text(72),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got, name)
	}
}

func TestFlameGraphEqualsTheModel(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		samples := randomSamples(rng, rng.IntN(80), 1+rng.IntN(8), 1+rng.IntN(8))
		tree := treeOf(samples...)
		full := modelOf(samples)
		for _, maxNodes := range []int{0, 1, 2, 5, rng.IntN(60), 1000} {
			want := modelOf(samples)
			want.truncate(maxNodes)

			g := tree.FlameGraph(int64(maxNodes))
			got := decode(t, g.Names, g.Levels, 4, 0)
			require.Equal(t, want.String(), got.String(), "seed %d, %d nodes", seed, maxNodes)
			require.Equal(t, full.total, g.Total)
			require.Equal(t, full.total, got.total)
			requireNames(t, g.Names, g.Levels, 4)
			if maxNodes > 0 {
				require.LessOrEqual(t, got.size(), 2*maxNodes+2, "nodes, one other for each of them and the root, and the root")
			}

			back, err := flamegraph.ParseTree(tree.AppendTree(nil, int64(maxNodes)))
			require.NoError(t, err)
			require.True(t, proto.Equal(g, back.FlameGraph(0)))
		}
	}
}

// requireNames checks that each name is there once, and none for nothing.
func requireNames(t *testing.T, names []string, levels []*querierv1.Level, size int) {
	used, once := map[int64]bool{}, map[string]bool{}
	for _, l := range levels {
		for i := size - 1; i < len(l.Values); i += size {
			used[l.Values[i]] = true
		}
	}
	for _, n := range names {
		once[n] = true
	}
	require.Len(t, used, len(names))
	require.Len(t, once, len(names))
}

func TestDiffEqualsTheModel(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		left := randomSamples(rng, rng.IntN(40), 1+rng.IntN(6), 1+rng.IntN(6))
		right := randomSamples(rng, rng.IntN(40), 1+rng.IntN(6), 1+rng.IntN(6))
		l, r := treeOf(left...), treeOf(right...)
		for _, maxNodes := range []int64{0, 1, 7, 1000} {
			d := flamegraph.Diff(l, r, maxNodes)
			require.Equal(t, l.Total(), d.LeftTicks)
			require.Equal(t, r.Total(), d.RightTicks)
			require.Equal(t, l.Total()+r.Total(), d.Total)
			requireNames(t, d.Names, d.Levels, 7)
			gotLeft, gotRight := decode(t, d.Names, d.Levels, 7, 0), decode(t, d.Names, d.Levels, 7, 3)
			require.Equal(t, l.Total(), gotLeft.total)
			require.Equal(t, r.Total(), gotRight.total)
			if maxNodes == 0 {
				require.Equal(t, modelOf(left).String(), gotLeft.String())
				require.Equal(t, modelOf(right).String(), gotRight.String())
			}
			// Both sides together are the truncated sum.
			both := treeOf(append(append([]sample{}, left...), right...)...)
			require.Equal(t, bars(both.FlameGraph(maxNodes)), sumOfSides(d), "seed %d, %d nodes", seed, maxNodes)
		}
	}
}

// bars lists total, self and name of the bars of each level in order.
func bars(g *querierv1.FlameGraph) (out [][]string) {
	for _, l := range g.Levels {
		var row []string
		for v := l.Values; len(v) > 0; v = v[4:] {
			row = append(row, fmt.Sprint(v[1], v[2], g.Names[v[3]]))
		}
		out = append(out, row)
	}
	return out
}

func sumOfSides(d *querierv1.FlameGraphDiff) (out [][]string) {
	for _, l := range d.Levels {
		var row []string
		for v := l.Values; len(v) > 0; v = v[7:] {
			row = append(row, fmt.Sprint(v[1]+v[4], v[2]+v[5], d.Names[v[6]]))
		}
		out = append(out, row)
	}
	return out
}

func TestSumsStopAtTheLargestNumber(t *testing.T) {
	big := treeOf(sample{[]string{"a"}, math.MaxInt64 - 1}, sample{[]string{"b"}, 10})
	big.Merge(treeOf(sample{[]string{"b"}, 10}))
	require.Equal(t, int64(math.MaxInt64), big.Total())
	g := big.FlameGraph(1)
	require.Equal(t, [][]int64{{0, math.MaxInt64, 0, 0}, {0, 1, 1, 1, 0, math.MaxInt64 - 1, math.MaxInt64 - 1, 2}}, levels(g))
	d := flamegraph.Diff(big, big, 0)
	require.Equal(t, int64(math.MaxInt64), d.Total)
	require.Equal(t, int64(math.MaxInt64), d.LeftTicks)
	back, err := flamegraph.ParseTree(big.AppendTree(nil, 0))
	require.NoError(t, err)
	require.Equal(t, big.Folded(), back.Folded())
}

func TestVeryDeepTrees(t *testing.T) {
	const depth = 200_000
	tree := flamegraph.New()
	n, f := flamegraph.Root, tree.Intern("f")
	for range depth {
		n = tree.Child(n, f)
	}
	tree.AddSelf(n, 7)
	require.Len(t, tree.FlameGraph(0).Levels, depth+1)
	require.Len(t, tree.FlameGraph(1000).Levels, 1002)
	require.Len(t, flamegraph.Diff(tree, flamegraph.New(), 0).Levels, depth+1)
	back, err := flamegraph.ParseTree(tree.AppendTree(nil, 0))
	require.NoError(t, err)
	require.Equal(t, depth+1, back.Len())
	require.NotEmpty(t, tree.Text(80))
}
