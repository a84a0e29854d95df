package objstoretest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// orderedKeys are keys in the order of their bytes, in which "/" (0x2f) stands
// after "!", "-" and "." and before digits and letters: a walk of directories
// in the order of their names gets this wrong.
func orderedKeys() []string {
	long := strings.Repeat("x", 100)
	return []string{
		"A", "B/a", "a", "a!", "a!/z", "a-", "a-b/c", "a.", "a.b", "a/!", "a/-", "a/a", "a/a!b", "a/a/a", "a/a0", "a/b",
		"a0", "a0/a", "aa", "aa/a", "ab", "b/c/d/e", "b/c/d0", "b/c0",
		"x" + long, "x" + long + "!", "x" + long + "-/b", "x" + long + "/a", "x" + long + "0", "x" + long + "x/a",
		"z", "\u00e9", "\u00e9/a", "\u65e5", "\U0001f525",
	}
}

func testListOrder(t *testing.T, s objstore.Store) {
	want := orderedKeys()
	require.True(t, slices.IsSorted(want))
	for i := range want {
		put(t, s, want[(i*11)%len(want)], "x") // 11 has no factor in common with the number of keys
	}
	require.Equal(t, want, keys(t, s, ""))
}

func testListInfo(t *testing.T, s objstore.Store) {
	put(t, s, "t/a", "")
	put(t, s, "t/b", "12345")
	got, err := s.List(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Len(t, got, 2)
	for i, want := range []objstore.Info{{Key: "t/a", Size: 0}, {Key: "t/b", Size: 5}} {
		require.Equal(t, want.Key, got[i].Key)
		require.Equal(t, want.Size, got[i].Size)
		// Between 2020 and 2100: this tells milliseconds from other units, and
		// no clock has to be trusted.
		require.Greater(t, got[i].ModifiedUnixMilli, int64(1_577_836_800_000))
		require.Less(t, got[i].ModifiedUnixMilli, int64(4_102_444_800_000))
	}
}

func testListPrefixAfter(t *testing.T, s objstore.Store) {
	all := orderedKeys()
	for _, key := range all {
		put(t, s, key, "x")
	}
	long := strings.Repeat("x", 100)
	prefixes := []string{
		"", "a", "a/", "a/a", "a/a/", "a!", "a-", "a.", "a0", "b", "b/", "b/c", "b/c/", "b/c/d", "b/c/d/", "b/c/d/e", "b/c/d/e/",
		"x", "xx", long, "x" + long, "x" + long + "/", "x" + long + "x", "\u00e9", "\xc3", "\u00e9/", "none", "B", "zz",
	}
	afters := slices.Concat([]string{"", " ", "Z", "a ", "a/", "a//", "a/a/", "a/a/a/a", "b", "b/", "b/c/", "b/c/d/z", "zzz", "\xff", long}, all)
	for _, prefix := range prefixes {
		for _, after := range afters {
			want := []string{}
			for _, key := range all {
				if strings.HasPrefix(key, prefix) && key > after {
					want = append(want, key)
				}
			}
			require.Equal(t, want, list(t, s, prefix, after, objstore.MaxListKeys), "prefix %q after %q", prefix, after)
			limit := max(1, len(want)/2)
			require.Equal(t, want[:min(limit, len(want))], list(t, s, prefix, after, limit), "prefix %q after %q limit %d", prefix, after, limit)
		}
	}
}

func testListPages(t *testing.T, s objstore.Store) {
	const n = objstore.MaxListKeys + 105
	want := make([]string, 0, n+1)
	var puts errgroup.Group
	puts.SetLimit(32)
	for i := range n {
		key := fmt.Sprintf("t/blocks/%03d/%04d", i/10, i)
		want = append(want, key)
		puts.Go(func() error { return s.Put(t.Context(), key, nil) })
	}
	require.NoError(t, puts.Wait())
	put(t, s, "u/k", "x")
	for _, limit := range []int{objstore.MaxListKeys, 999, 553, 221, 100} {
		var got []string
		after := ""
		for {
			page := list(t, s, "t/", after, limit)
			require.LessOrEqual(t, len(page), limit)
			got = append(got, page...)
			if len(page) < limit {
				break
			}
			after = page[len(page)-1]
		}
		require.Equal(t, want, got, "pages of %d", limit)
	}
}

func testListLimit(t *testing.T, s objstore.Store) {
	put(t, s, "a", "x")
	put(t, s, "b", "x")
	require.Equal(t, []string{"a"}, list(t, s, "", "", 1))
	require.Equal(t, []string{"a", "b"}, list(t, s, "", "", 2))
	// A page that is cut to what the store can give would look like the end.
	for _, limit := range []int{-1, 0, objstore.MaxListKeys + 1} {
		_, err := s.List(t.Context(), "", "", limit)
		require.Error(t, err, "limit %d", limit)
	}
}

func testListOddPrefix(t *testing.T, s objstore.Store) {
	put(t, s, "a/b", "x")
	put(t, s, "a../b", "x")
	for _, prefix := range []string{"/", "//", "a//", "./", "../", "a/../", "a/..", "../../../", strings.Repeat("a", 3000), strings.Repeat("a/", 1000)} {
		require.Empty(t, keys(t, s, prefix), "prefix %.50q", prefix)
	}
}
