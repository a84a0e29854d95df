package objstoretest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

func testRoundTrip(t *testing.T, s objstore.Store) {
	every := make([]byte, 3<<20)
	for i := range every {
		every[i] = byte(i ^ i>>8 ^ i>>16)
	}
	for key, body := range map[string]string{
		"t/one":  "x",
		"t/zero": "\x00\r\n\xff",
		"t/big":  string(every),
	} {
		put(t, s, key, body)
		has(t, s, key, body)
	}
}

func testAbsent(t *testing.T, s objstore.Store) {
	put(t, s, "t/a/b", "x")
	for _, key := range []string{"t", "t/a", "t/a/b/c", "t/a/bb", "t/A/b", "u"} {
		hasNot(t, s, key)
	}
}

func testEmpty(t *testing.T, s objstore.Store) {
	require.NoError(t, s.Put(t.Context(), "t/empty", nil))
	require.NoError(t, s.Put(t.Context(), "t/empty", []byte{}))
	require.ErrorIs(t, s.Put(t.Context(), "t/empty", []byte{0}), objstore.ErrExists)
	has(t, s, "t/empty", "")
	_, err := s.GetRange(t.Context(), "t/empty", 0, 1)
	require.ErrorIs(t, err, objstore.ErrRange)
	require.Equal(t, []string{"t/empty"}, keys(t, s, ""))
}

func testRange(t *testing.T, s objstore.Store) {
	const body = "0123456789"
	put(t, s, "t/k", body)
	for offset := range int64(len(body)) {
		for length := int64(1); offset+length <= int64(len(body)); length++ {
			got, err := s.GetRange(t.Context(), "t/k", offset, length)
			require.NoError(t, err, "%d bytes from %d", length, offset)
			require.Equal(t, body[offset:offset+length], string(got))
		}
	}
}

func testBadRange(t *testing.T, s objstore.Store) {
	put(t, s, "t/k", "0123456789")
	for _, r := range [][2]int64{
		{0, 0}, {3, 0}, {10, 0}, // no bytes
		{0, 11}, {1, 10}, {9, 2}, {10, 1}, {11, 1}, {5, 1000}, // beyond the end
		{-1, 1}, {-1, 5}, {0, -1}, {5, -5}, {-5, -5}, {-10, 20},
		{0, math.MaxInt64}, {1, math.MaxInt64}, {math.MaxInt64, 1}, {math.MaxInt64, math.MaxInt64},
		{math.MinInt64, 1}, {0, math.MinInt64}, {math.MinInt64, math.MinInt64},
	} {
		got, err := s.GetRange(t.Context(), "t/k", r[0], r[1])
		require.ErrorIs(t, err, objstore.ErrRange, "%d bytes from %d", r[1], r[0])
		require.Empty(t, got)
	}
}

func testCallerOwnsBytes(t *testing.T, s objstore.Store) {
	put(t, s, "t/k", "0123456789")
	for range 2 {
		all, err := s.Get(t.Context(), "t/k")
		require.NoError(t, err)
		part, err := s.GetRange(t.Context(), "t/k", 2, 3)
		require.NoError(t, err)
		clear(all)
		require.Equal(t, "234", string(part))
		clear(part)
		_ = append(part, "overwritten"...)
	}
	has(t, s, "t/k", "0123456789")
}

func testBodyNotKept(t *testing.T, s objstore.Store) {
	body := []byte("0123456789")
	require.NoError(t, s.Put(t.Context(), "t/k", body))
	require.Equal(t, "0123456789", string(body), "put changes the body")
	clear(body)
	has(t, s, "t/k", "0123456789")
}
