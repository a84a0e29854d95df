package objstoretest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Option tells Run more about an adapter.
type Option func(*suite)

// Reopen tells how to reach the objects of a store once more, as another
// process would that starts afterwards. With it Run checks that objects outlive
// the store that put them, and that each sees at once what the other did.
func Reopen(again func(t *testing.T, s objstore.Store) objstore.Store) Option {
	return func(s *suite) { s.again = again }
}

// suite is one run of the tests against an adapter.
type suite struct {
	open  func(t *testing.T) objstore.Store
	again func(t *testing.T, s objstore.Store) objstore.Store
}

// Run checks that a store keeps the contract of package objstore. open returns
// an empty store each time; it cleans up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) objstore.Store, opts ...Option) {
	t.Helper()
	s := &suite{open: open}
	for _, o := range opts {
		o(s)
	}
	tests := []struct {
		name string
		run  func(*testing.T, objstore.Store)
	}{
		{"an object is read as it was put", testRoundTrip},
		{"an absent object is ErrNotExist", testAbsent},
		{"an empty object is an object", testEmpty},
		{"a range is those bytes", testRange},
		{"a range outside the object is ErrRange", testBadRange},
		{"the caller owns the bytes it got", testCallerOwnsBytes},
		{"put does not keep the body", testBodyNotKept},
		{"put of equal content succeeds", testPutAgain},
		{"put of other content is ErrExists and changes nothing", testPutOther},
		{"put of more than MaxObjectBytes fails", testPutTooLarge},
		{"delete removes the object", testDelete},
		{"delete of an absent object succeeds", testDeleteAbsent},
		{"a key can be used again after delete", testPutAfterDelete},
		{"keys that differ in anything are different objects", testKeysApart},
		{"keys that CheckKey accepts are accepted", testGoodKeys},
		{"keys that CheckKey refuses are ErrKey", testBadKeys},
		{"list is in the order of the bytes of the keys", testListOrder},
		{"list tells size and time", testListInfo},
		{"list gives what begins with prefix and is greater than after", testListPrefixAfter},
		{"list gives at most limit, and pages join", testListPages},
		{"list takes limits from 1 to MaxListKeys", testListLimit},
		{"list gives no objects for prefixes that no key can have", testListOddPrefix},
		{"of concurrent puts of one key one stores its object", testPutRace},
		{"concurrent puts of equal content all succeed", testPutRaceEqual},
		{"readers see all of an object or nothing", testAtomic},
		{"puts and deletes side by side do not disturb each other", testPutsBesideDeletes},
		{"a cancelled context ends every call", testCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
	if s.again != nil {
		t.Run("objects outlive the store that put them", s.testDurable)
		t.Run("another process sees effects at once", s.testOtherProcess)
		t.Run("of concurrent puts by two processes one stores its object", s.testPutRaceOfTwo)
	}
}

// put stores an object that must not have been there.
func put(t *testing.T, s objstore.Store, key, body string) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), key, []byte(body)))
}

// has checks that there is such an object.
func has(t *testing.T, s objstore.Store, key, body string) {
	t.Helper()
	got, err := s.Get(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, body, string(got))
}

// hasNot checks that no method knows of an object of this key.
func hasNot(t *testing.T, s objstore.Store, key string) {
	t.Helper()
	got, err := s.Get(t.Context(), key)
	require.ErrorIs(t, err, objstore.ErrNotExist)
	require.Empty(t, got)
	got, err = s.GetRange(t.Context(), key, 0, 1)
	require.ErrorIs(t, err, objstore.ErrNotExist)
	require.Empty(t, got)
	require.NotContains(t, keys(t, s, key), key)
}

// keys lists the keys that begin with prefix, up to a page of them.
func keys(t *testing.T, s objstore.Store, prefix string) []string {
	t.Helper()
	return list(t, s, prefix, "", objstore.MaxListKeys)
}

// list is the keys of a list, never nil.
func list(t *testing.T, s objstore.Store, prefix, after string, limit int) []string {
	t.Helper()
	infos, err := s.List(t.Context(), prefix, after, limit)
	require.NoError(t, err)
	out := make([]string, 0, len(infos))
	for _, info := range infos {
		out = append(out, info.Key)
	}
	return out
}

// methods are calls of every method that takes a key.
func methods(ctx context.Context, s objstore.Store, key string) map[string]error {
	_, get := s.Get(ctx, key)
	_, getRange := s.GetRange(ctx, key, 0, 1)
	return map[string]error{
		"Get":      get,
		"GetRange": getRange,
		"Put":      s.Put(ctx, key, []byte("x")),
		"Delete":   s.Delete(ctx, key),
	}
}

// bodyOf is a body that tells which of many it is and is n bytes long.
func bodyOf(i, n int) []byte {
	b := make([]byte, 0, n+16)
	for len(b) < n {
		b = fmt.Appendf(b, "body %d,", i)
	}
	return b[:n]
}
