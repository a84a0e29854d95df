package calltree_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/calltree"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// node writes a node of either format.
func node(name string, value uint64, children ...string) string {
	b := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	b = binary.AppendUvarint(b, value)
	b = binary.AppendUvarint(b, uint64(len(children)))
	return string(b) + strings.Join(children, "")
}

type parse func(body []byte, b *stacks.Builder) error

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name       string
		parse      parse
		body, want string
	}{
		{"empty tree", calltree.Tree, node("", 0), ""},
		{"tree", calltree.Tree, node("", 0, node("a", 1, node("b", 2), node("c", 300)), node("d", 4)), "a 1\na;b 2\na;c 300\nd 4\n"},
		{"tree with named root", calltree.Tree, node("total", 7, node("a", 1)), "a 1\n"},
		{"tree with semicolons", calltree.Tree, node("", 0, node("a;b", 1)), "a;b 1\n"},
		{"tree with nameless nodes", calltree.Tree, node("", 0, node("a", 0, node("", 1, node("b", 2)))), "a 1\na;b 2\n"},
		{"tree with twins", calltree.Tree, node("", 0, node("a", 1), node("a", 2)), "a 3\n"},
		{"empty trie", calltree.Trie, node("", 0), ""},
		{"trie", calltree.Trie, node("", 0, node("a;", 0, node("b", 2), node("c;d", 3)), node("e", 4)), "a;b 2\na;c;d 3\ne 4\n"},
		{"trie divided within frames", calltree.Trie,
			node("", 0, node("ma", 0, node("in;wo", 1, node("rk", 2), node(";x", 3)), node("p", 4, node("", 5)))),
			"main;wo 1\nmain;work 2\nmain;wo;x 3\nmap 9\n"},
		{"trie divided within characters", calltree.Trie, node("", 0, node("a;\xc3", 0, node("\xa4", 1), node("\xb6;b", 2))), "a;ä 1\na;ö;b 2\n"},
		{"trie with named root", calltree.Trie, node("a;", 1, node("b", 2)), "a 1\na;b 2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := stacks.NewBuilder(pprof.DefaultLimits())
			require.NoError(t, c.parse([]byte(c.body), b))
			require.Equal(t, c.want, stackstest.Folded(b))
		})
	}
}

func TestDeepNodesCountForTheLastFrameThatIsKept(t *testing.T) {
	limits := pprof.Limits{MaxStackDepth: 2}
	b := stacks.NewBuilder(limits)
	require.NoError(t, calltree.Tree([]byte(node("", 0, node("a", 0, node("b", 1, node("c", 2)), node("d", 3)))), b))
	require.Equal(t, "a;b 3\na;d 3\n", stackstest.Folded(b))
	b = stacks.NewBuilder(limits)
	require.NoError(t, calltree.Trie([]byte(node("", 0, node("a;b;c", 1, node(";d", 2)), node("a;d", 3))), b))
	require.Equal(t, "a;b 3\na;d 3\n", stackstest.Folded(b))
}

func TestRefuse(t *testing.T) {
	for name, body := range map[string]string{
		"empty":            "",
		"name is cut":      "\x05abc",
		"no value":         "\x01a",
		"no children":      "\x01a\x01",
		"child is missing": node("", 0, node("a", 1))[:4] + "\x01",
		"many children":    "\x00\x00\xff\xff\xff\xff\x0f",
		"long name":        "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"bad number":       "\x00\x00" + strings.Repeat("\xff", 11),
		"large value":      node("", 0, node("a", 1<<63)),
		"goes on":          node("", 0) + "x",
		"not text":         node("", 0, node("a\x00", 1)),
		"gzip":             "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
		"text":             "a;b;c 12\n",
	} {
		for kind, parse := range map[string]parse{"tree": calltree.Tree, "trie": calltree.Trie} {
			err := parse([]byte(body), stacks.NewBuilder(pprof.DefaultLimits()))
			require.ErrorIs(t, err, calltree.ErrSyntax, "%s: %s", kind, name)
		}
	}
	err := calltree.Trie([]byte(node("", 0, node("a", 1), node("b", 2))), stacks.NewBuilder(pprof.Limits{MaxSamples: 1}))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
}

// A chain of n nodes says n stacks of up to n frames in a few bytes each.
func TestMemoryIsBounded(t *testing.T) {
	var chain strings.Builder
	for range 1 << 17 {
		chain.WriteString("\x02a;\x01\x01")
	}
	for kind, parse := range map[string]parse{"tree": calltree.Tree, "trie": calltree.Trie} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := parse([]byte(chain.String()+node("", 1)), stacks.NewBuilder(pprof.DefaultLimits()))
		runtime.ReadMemStats(&after)
		require.NoError(t, err, kind) // all but the first thousand are one stack
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), kind)
	}
	err := calltree.Tree([]byte(chain.String()+node("", 1)), stacks.NewBuilder(pprof.Limits{MaxBytes: 4 << 20}))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
}

func fuzz(f *testing.F, parse parse) {
	for _, s := range []string{
		node("", 0, node("a", 1, node("b", 2), node("c", 300)), node("d", 4)),
		node("", 0, node("ma", 0, node("in;wo", 1, node("rk", 2), node(";x", 3)), node("p", 4, node("", 5)))),
		"\x00\x00\xff\xff\xff\xff\x0f", "a;b 1", node("", 1<<63),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		limits := pprof.Limits{MaxSamples: 100, MaxBytes: 10000, MaxStackDepth: 5, MaxSymbolBytes: 20}
		b := stacks.NewBuilder(limits)
		if parse(body, b) != nil {
			return
		}
		text := stackstest.Folded(b)
		require.LessOrEqual(t, strings.Count(text, "\n"), limits.MaxSamples)
		require.LessOrEqual(t, len(text), 20*limits.MaxSamples*limits.MaxStackDepth*3+limits.MaxSamples*30)
	})
}

func FuzzTree(f *testing.F) { fuzz(f, calltree.Tree) }
func FuzzTrie(f *testing.F) { fuzz(f, calltree.Trie) }
