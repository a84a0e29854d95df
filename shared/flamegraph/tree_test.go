package flamegraph_test

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

func TestTree(t *testing.T) {
	tree := flamegraph.New()
	require.Equal(t, 1, tree.Len())
	names := tree.InternAll([]string{"a", "b", "a", ""})
	require.Equal(t, []flamegraph.Name{0, 1, 0, 2}, names)
	require.Equal(t, names[1], tree.Intern("b"))
	require.Equal(t, []string{"a", "b", ""}, tree.Names())

	a := tree.Child(flamegraph.Root, names[0])
	ab := tree.Child(a, names[1])
	require.Equal(t, ab, tree.Child(a, names[1]))
	require.NotEqual(t, ab, tree.Child(flamegraph.Root, names[1]))
	require.Equal(t, 4, tree.Len())
	require.Equal(t, a, tree.Parent(ab))
	require.Equal(t, flamegraph.Root, tree.Parent(a))
	require.Equal(t, "b", tree.FunctionName(ab))
	require.Empty(t, tree.FunctionName(flamegraph.Root))

	tree.AddSelf(ab, 5)
	tree.AddSelf(ab, 2)
	tree.AddSelf(a, 1)
	tree.AddSelf(a, -4)
	require.Equal(t, int64(7), tree.Self(ab))
	require.Equal(t, int64(8), tree.Total())
	require.Equal(t, []int64{8, 8, 7, 0}, tree.Totals())
	require.Equal(t, "a 1\na;b 7\n", tree.Folded())
}

func TestNamesAreCopies(t *testing.T) {
	tree := flamegraph.New()
	var want []string
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 5000 {
		b := make([]byte, rng.IntN(200))
		if i%500 == 0 {
			b = make([]byte, 20_000)
		}
		for j := range b {
			b[j] = byte(rng.Uint32())
		}
		s := string(binary.AppendUvarint(b, uint64(i)))
		require.Equal(t, flamegraph.Name(i), tree.Intern(s))
		want = append(want, s)
	}
	require.Equal(t, want, tree.Names())
	require.Equal(t, flamegraph.Name(17), tree.Intern(want[17]))
}

// However stacks are spread over trees and in whatever order these are merged,
// the answer is the same to the byte.
func TestMergeOrderAndGroupingDoNotShow(t *testing.T) {
	marshal := func(t *testing.T, tree *flamegraph.Tree) string {
		var out []byte
		for _, maxNodes := range []int64{0, 3, 10, 30} {
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(tree.FlameGraph(maxNodes))
			require.NoError(t, err)
			out = tree.AppendTree(append(out, b...), maxNodes)
			b, err = proto.MarshalOptions{Deterministic: true}.Marshal(flamegraph.Diff(tree, treeOf(sample{[]string{"f1"}, 3}), maxNodes))
			require.NoError(t, err)
			out = append(out, b...)
		}
		return string(out) + tree.Folded() + tree.Text(100)
	}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 4))
		samples := randomSamples(rng, 60, 5, 7)
		want := marshal(t, treeOf(samples...))

		rng.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		parts := make([]*flamegraph.Tree, 1+rng.IntN(8))
		for i := range parts {
			parts[i] = flamegraph.New()
			parts[i].Intern("never used")
		}
		for _, s := range samples {
			part := parts[rng.IntN(len(parts))]
			part.AddStack(part.InternAll(s.stack), s.value)
		}
		for len(parts) > 1 { // merge any two until one is left
			i := rng.IntN(len(parts) - 1)
			j := i + 1 + rng.IntN(len(parts)-i-1)
			if rng.IntN(2) == 0 {
				parts[i], parts[j] = parts[j], parts[i]
			}
			before := parts[j].Folded()
			if rng.IntN(2) == 0 { // over the wire
				read, err := flamegraph.ParseTree(parts[j].AppendTree(nil, 0))
				require.NoError(t, err)
				parts[i].Merge(read)
			} else {
				parts[i].Merge(parts[j])
			}
			require.Equal(t, before, parts[j].Folded(), "the merged tree stays as it was")
			parts = append(parts[:j], parts[j+1:]...)
		}
		require.Equal(t, want, marshal(t, parts[0]), "seed %d", seed)
		require.NotContains(t, parts[0].Names()[1:], "never used")
	}
}

func TestMergeWithItself(t *testing.T) {
	tree := treeOf(folded("a;b 2\na 1")...)
	tree.Merge(tree)
	require.Equal(t, "a 2\na;b 4\n", tree.Folded())
}

func TestParseTreeReadsPyroscopesForm(t *testing.T) {
	tree, err := flamegraph.ParseTree([]byte("\x00\x00\x02" + "\x01a\x02\x01" + "\x03f.g\x80\x01\x00" + "\x01b\x01\x00"))
	require.NoError(t, err)
	require.Equal(t, "a 2\na;f.g 128\nb 1\n", tree.Folded())

	twice, err := flamegraph.ParseTree([]byte("\x00\x00\x02" + "\x01a\x02\x00" + "\x01a\x03\x00"))
	require.NoError(t, err)
	require.Equal(t, "a 5\n", twice.Folded())
	require.Equal(t, 2, twice.Len())
}

func TestParseTreeErrors(t *testing.T) {
	for name, in := range map[string]string{
		"cut in a number":        "\x80",
		"cut in a name":          "\x05ab",
		"cut before the self":    "\x00",
		"cut before the count":   "\x00\x00",
		"cut before a child":     "\x00\x00\x01",
		"one child of two":       "\x00\x00\x02\x01a\x01\x00",
		"too many children":      "\x00\x00\xff\xff\xff\xff\x0f\x01a\x01\x00",
		"long name":              "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"number of eleven bytes": "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00",
		"negative value":         "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00",
		"bytes behind the end":   "\x00\x00\x00\x00",
	} {
		tree, err := flamegraph.ParseTree([]byte(in))
		require.ErrorIs(t, err, flamegraph.ErrBadTree, name)
		require.Nil(t, tree)
	}
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("\x00\x00\x02\x01a\x02\x01\x03f.g\x80\x01\x00\x01b\x01\x00"), int64(1))
	f.Add(treeOf(folded(strings.TrimSpace(checkout))...).AppendTree(nil, 0), int64(3))
	f.Fuzz(func(t *testing.T, b []byte, maxNodes int64) {
		tree, err := flamegraph.ParseTree(b)
		if err != nil {
			return
		}
		require.LessOrEqual(t, tree.Len(), len(b)+1)
		again, err := flamegraph.ParseTree(tree.AppendTree(nil, 0))
		require.NoError(t, err)
		require.Equal(t, tree.Folded(), again.Folded())
		require.True(t, proto.Equal(tree.FlameGraph(maxNodes), again.FlameGraph(maxNodes)))
		require.Equal(t, tree.Total(), tree.FlameGraph(maxNodes).Levels[0].Values[1])
	})
}

func TestText(t *testing.T) {
	text := treeOf(folded("a;bb 3\na;cc 6\nd\x1b[31m;" + strings.Repeat("é", 200) + " 1")...).Text(60)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Len(t, lines, 7)
	for i, name := range []string{"total 10", "a", "cc", "bb", "d?[31m"} {
		require.True(t, strings.HasSuffix(lines[i+1], " "+name), lines[i+1])
	}
	for _, l := range lines {
		require.LessOrEqual(t, utf8.RuneCountInString(l), 60)
	}
	require.Contains(t, lines[3], " 60.0%")
}
