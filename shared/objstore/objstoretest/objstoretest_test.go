package objstoretest_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

func TestMem(t *testing.T) {
	objstoretest.Run(t, func(*testing.T) objstore.Store { return objstoretest.NewMem() })
}

func TestDecoratorsWithNothingPlanned(t *testing.T) {
	objstoretest.Run(t, func(*testing.T) objstore.Store {
		return objstoretest.NewCounting(objstoretest.NewFaults(objstoretest.NewMem()))
	})
}

func TestMemTellsTimeAndReuse(t *testing.T) {
	m := objstoretest.NewMem()
	m.Now = func() time.Time { return time.UnixMilli(1234) }
	require.NoError(t, m.Put(t.Context(), "k", nil))
	infos, err := m.List(t.Context(), "", "", 1)
	require.NoError(t, err)
	require.Equal(t, []objstore.Info{{Key: "k", ModifiedUnixMilli: 1234}}, infos)
	require.NoError(t, m.Delete(t.Context(), "k"))
	require.Empty(t, m.Reused())
	require.NoError(t, m.Put(t.Context(), "k", nil))
	require.Equal(t, []string{"k"}, m.Reused())
}

func TestFaultsOfWrites(t *testing.T) {
	for _, when := range faultplan.Both {
		t.Run(when.String(), func(t *testing.T) {
			f, boom := objstoretest.NewFaults(objstoretest.NewMem()), errors.New("boom")
			f.FailNext(objstoretest.Put, when, boom)
			require.ErrorIs(t, f.Put(t.Context(), "k", []byte("x")), boom)
			_, err := f.Get(t.Context(), "k")
			if when == objstoretest.After {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, objstore.ErrNotExist)
			}
			require.NoError(t, f.Put(t.Context(), "k", []byte("x")), "the same again")
			f.FailNext(objstoretest.Delete, when, boom)
			require.ErrorIs(t, f.Delete(t.Context(), "k"), boom)
			infos, err := f.List(t.Context(), "", "", 10)
			require.NoError(t, err)
			require.Equal(t, when == objstoretest.Before, len(infos) == 1)
		})
	}
}

func TestFaultsOfReadsReturnNothing(t *testing.T) {
	for _, when := range faultplan.Both {
		count := objstoretest.NewCounting(objstoretest.NewMem())
		f := objstoretest.NewFaults(count)
		require.NoError(t, f.Put(t.Context(), "k", []byte("abc")))
		for _, op := range []faultplan.Op{objstoretest.Get, objstoretest.GetRange, objstoretest.List} {
			f.FailNext(op, when, nil)
		}
		got, err := f.Get(t.Context(), "k")
		require.ErrorIs(t, err, faultplan.ErrFault)
		require.Nil(t, got)
		got, err = f.GetRange(t.Context(), "k", 0, 1)
		require.ErrorIs(t, err, faultplan.ErrFault)
		require.Nil(t, got)
		infos, err := f.List(t.Context(), "", "", 1)
		require.ErrorIs(t, err, faultplan.ErrFault)
		require.Nil(t, infos)
		want := int64(0)
		if when == objstoretest.After {
			want = 1
		}
		for _, op := range []faultplan.Op{objstoretest.Get, objstoretest.GetRange, objstoretest.List} {
			require.Equal(t, want, count.Of(op).Requests)
		}
	}
}

func TestCounting(t *testing.T) {
	c := objstoretest.NewCounting(objstoretest.NewMem())
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_ = c.Put(t.Context(), "k", []byte("12345"))
			_, _ = c.Get(t.Context(), "k")
			_, _ = c.GetRange(t.Context(), "k", 1, 2)
			_, _ = c.GetRange(t.Context(), "k", 1, 5)
			_, _ = c.List(t.Context(), "", "", 10)
		})
	}
	wg.Wait()
	require.NoError(t, c.Delete(t.Context(), "k"))
	require.Equal(t, objstoretest.Count{Requests: 16, Bytes: 80}, c.Of(objstoretest.Put))
	require.Equal(t, objstoretest.Count{Requests: 16, Bytes: 80}, c.Of(objstoretest.Get))
	require.Equal(t, objstoretest.Count{Requests: 32, Bytes: 32, Errors: 16}, c.Of(objstoretest.GetRange))
	require.Equal(t, objstoretest.Count{Requests: 16, Keys: 16}, c.Of(objstoretest.List))
	require.Equal(t, objstoretest.Count{Requests: 1}, c.Of(objstoretest.Delete))
	require.Equal(t, objstoretest.Count{Requests: 81, Bytes: 192, Errors: 16, Keys: 16}, c.Total())
	c.Reset()
	require.Zero(t, c.Total())
}
