package objstoretest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// closeKeys are keys that file systems, escapings and careless prefixes mix up.
func closeKeys() []string {
	return []string{
		"a", "A", "a/b", "a/B", "a/b/c", "a-b", "a.b", "a!b", "a_b", "a*", "a'(b)", "a~", "a@", "a%", "a+", "a b", "a ", " a",
		"a%2Fb", "a%2fb", "a%", "a%%", "%", "%%", "@", "a@/b", "%2Ea", ".a", "..a", "...", "a./b", "a../b", "~/a", "-", "-rf",
		"a:b", "a?", "a#", "a&b", "a=b", "a;b", "a,b", "a|b", "a<b>", `a"b`, "a$b", "a^b", "a`b", "a{b}", "a[b]",
		"caf\u00e9", "cafe\u0301", "\u65e5\u672c/\u8a9e", "\U0001f525", "\u00e9/\u00e9", "\ufeffa", "a\u2028b", "a\u0085",
		"tmp", "tmp/a", "lock", "objects", "objects/a", "LOCK", "con", "nul.txt", "0", "00", "a/0", "a0", "a/a/a/a",
		"t/blocks/01ARZ3NDEKTSV4RRFFQ69G5FAV", "t/blocks/01arz3ndektsv4rrffq69g5fav",
	}
}

// longKeys are keys at the limits of length and depth, alike at their start.
func longKeys() []string {
	var out []string
	for _, n := range []int{79, 80, 81, 159, 160, 161, 200, 254, 255, 256, 400, 1000, objstore.MaxKeyBytes} {
		out = append(out, strings.Repeat("a", n))
		if n+2 <= objstore.MaxKeyBytes {
			out = append(out, strings.Repeat("a", n)+"/b", strings.Repeat("a", n)+"!b", strings.Repeat("a", n)+".")
		}
	}
	return append(out,
		strings.Repeat("\u00e9", objstore.MaxKeyBytes/2),
		strings.Repeat("%", objstore.MaxKeyBytes),
		strings.Repeat("a/", objstore.MaxKeyBytes/2-1)+"aa",
		strings.Repeat("\u65e5\u672c\u8a9e/", objstore.MaxKeyBytes/10)+"a",
	)
}

func testKeysApart(t *testing.T, s objstore.Store) {
	all := closeKeys()
	slices.Sort(all)
	all = slices.Compact(all)
	for _, key := range all {
		put(t, s, key, "body of "+key)
	}
	for _, key := range all {
		has(t, s, key, "body of "+key)
	}
	require.Equal(t, all, keys(t, s, ""))
	for i, key := range all {
		require.NoError(t, s.Delete(t.Context(), key))
		require.Equal(t, all[i+1:], keys(t, s, ""), "after delete of %q", key)
	}
}

func testGoodKeys(t *testing.T, s objstore.Store) {
	all := longKeys()
	slices.Sort(all)
	for _, key := range all {
		require.NoError(t, objstore.CheckKey(key))
		put(t, s, key, "body of "+key)
	}
	for _, key := range all {
		has(t, s, key, "body of "+key)
	}
	require.Equal(t, all, keys(t, s, ""))
	for _, key := range all {
		require.NoError(t, s.Delete(t.Context(), key))
	}
	require.Empty(t, keys(t, s, ""))
}

func testBadKeys(t *testing.T, s objstore.Store) {
	put(t, s, "a/b", "x")
	for _, key := range []string{
		"", strings.Repeat("a", objstore.MaxKeyBytes+1), "/", "/a", "a/", "a//b", "//",
		".", "..", "../a", "a/..", "a/../b", "a/./b", "./a", "a/.", "a/../../../x",
		"a\x00", "a\nb", "a\tb", "a\x7f", "\x1f", `a\b`, `..\a`, "\xff", "a/\xc3", "\xed\xa0\x80", "\xc0\xaf",
	} {
		for method, err := range methods(t.Context(), s, key) {
			require.ErrorIs(t, err, objstore.ErrKey, "%s of %q", method, key)
		}
	}
	require.Equal(t, []string{"a/b"}, keys(t, s, ""))
}
