package objstoretest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

func (st *suite) testDurable(t *testing.T) {
	first := st.open(t)
	for i := range 10 {
		put(t, first, fmt.Sprintf("t/%d/k", i), string(bodyOf(i, i*1000)))
	}
	require.NoError(t, first.Delete(t.Context(), "t/3/k"))
	before, err := first.List(t.Context(), "", "", 100)
	require.NoError(t, err)
	require.Len(t, before, 9)

	second := st.again(t, first)
	after, err := second.List(t.Context(), "", "", 100)
	require.NoError(t, err)
	require.Equal(t, before, after)
	hasNot(t, second, "t/3/k")
	for i := range 10 {
		if i != 3 {
			has(t, second, fmt.Sprintf("t/%d/k", i), string(bodyOf(i, i*1000)))
		}
	}
	require.ErrorIs(t, second.Put(t.Context(), "t/1/k", []byte("other")), objstore.ErrExists)
	require.NoError(t, second.Put(t.Context(), "t/1/k", bodyOf(1, 1000)))
}

func (st *suite) testOtherProcess(t *testing.T) {
	first := st.open(t)
	second := st.again(t, first)
	for i := range 10 {
		key := fmt.Sprintf("t/%d", i)
		hasNot(t, second, key)
		put(t, first, key, "x")
		has(t, second, key, "x")
		require.Equal(t, []string{key}, keys(t, second, ""))
		require.ErrorIs(t, second.Put(t.Context(), key, []byte("y")), objstore.ErrExists)
		require.NoError(t, second.Delete(t.Context(), key))
		hasNot(t, first, key)
		require.Empty(t, keys(t, first, ""))
	}
}

func (st *suite) testPutRaceOfTwo(t *testing.T) {
	first := st.open(t)
	second := st.again(t, first)
	for round := range 4 {
		raceOfPuts(t, fmt.Sprintf("t/%d/k", round), 16+round*50_000, first, second)
	}
}
