package objstoretest

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

func testPutAgain(t *testing.T, s objstore.Store) {
	large := string(bodyOf(1, 3<<20))
	for key, body := range map[string]string{"t/small": "x", "t/large": large} {
		put(t, s, key, body)
		before, err := s.List(t.Context(), key, "", 1)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, s.Put(t.Context(), key, []byte(body)))
		}
		has(t, s, key, body)
		after, err := s.List(t.Context(), key, "", 1)
		require.NoError(t, err)
		require.Equal(t, before, after, "the object was stored anew")
	}
}

func testPutOther(t *testing.T, s objstore.Store) {
	large := string(bodyOf(1, 3<<20))
	for key, body := range map[string]string{"t/small": "abc", "t/large": large} {
		put(t, s, key, body)
		last := []byte(body)
		last[len(last)-1]++
		first := []byte(body)
		first[0]++
		for _, other := range []string{"", "abd", body + "x", body[:len(body)-1], string(last), string(first)} {
			require.ErrorIs(t, s.Put(t.Context(), key, []byte(other)), objstore.ErrExists)
		}
		has(t, s, key, body)
	}
	require.Equal(t, []string{"t/large", "t/small"}, keys(t, s, ""))
}

func testPutTooLarge(t *testing.T, s objstore.Store) {
	tooLarge := func() {
		err := s.Put(t.Context(), "t/k", unreadable(t, objstore.MaxObjectBytes+1))
		require.Error(t, err)
		require.NotErrorIs(t, err, syscall.EFAULT, "it was not the length that put looked at")
	}
	tooLarge()
	hasNot(t, s, "t/k")
	put(t, s, "t/k", "x")
	tooLarge()
	has(t, s, "t/k", "x")
}

func testDelete(t *testing.T, s objstore.Store) {
	for _, key := range []string{"t/a", "t/a/b", "t/a/c", "t/b"} {
		put(t, s, key, key)
	}
	require.NoError(t, s.Delete(t.Context(), "t/a/b"))
	hasNot(t, s, "t/a/b")
	require.Equal(t, []string{"t/a", "t/a/c", "t/b"}, keys(t, s, ""))
	require.NoError(t, s.Delete(t.Context(), "t/a"))
	hasNot(t, s, "t/a")
	has(t, s, "t/a/c", "t/a/c")
	require.NoError(t, s.Delete(t.Context(), "t/a/c"))
	hasNot(t, s, "t/a/c")
	require.Equal(t, []string{"t/b"}, keys(t, s, ""))
}

func testDeleteAbsent(t *testing.T, s objstore.Store) {
	require.NoError(t, s.Delete(t.Context(), "t/never"))
	put(t, s, "t/a/b", "x")
	for _, key := range []string{"t", "t/a", "t/a/b/c", "t/a/c"} {
		require.NoError(t, s.Delete(t.Context(), key))
	}
	has(t, s, "t/a/b", "x")
	for range 3 {
		require.NoError(t, s.Delete(t.Context(), "t/a/b"))
	}
	hasNot(t, s, "t/a/b")
}

func testPutAfterDelete(t *testing.T, s objstore.Store) {
	for _, body := range []string{"first", "second", "second", ""} {
		put(t, s, "t/a/b", body)
		has(t, s, "t/a/b", body)
		require.NoError(t, s.Delete(t.Context(), "t/a/b"))
		hasNot(t, s, "t/a/b")
	}
	require.Empty(t, keys(t, s, ""))
}
