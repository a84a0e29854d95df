package blockindextest_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

func TestMem(t *testing.T) {
	blockindextest.Run(t, func(*testing.T) blockindex.Index { return blockindextest.NewMem() })
}

func TestFaultsWithNothingPlanned(t *testing.T) {
	blockindextest.Run(t, func(*testing.T) blockindex.Index {
		return blockindextest.NewFaults(blockindextest.NewMem())
	})
}

var aRow = blockindex.Row{Tenant: "t", ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", MinTime: 1, MaxTime: 2}

func TestFaults(t *testing.T) {
	for _, when := range faultplan.Both {
		t.Run(when.String(), func(t *testing.T) {
			f, boom := blockindextest.NewFaults(blockindextest.NewMem()), errors.New("boom")
			find := func() int {
				rows, err := f.Find(t.Context(), "t", 0, math.MaxInt64)
				require.NoError(t, err)
				return len(rows)
			}
			f.FailNext(blockindextest.Insert, when, boom)
			require.ErrorIs(t, f.Insert(t.Context(), aRow), boom)
			require.Equal(t, when == blockindextest.After, find() == 1)
			require.NoError(t, f.Insert(t.Context(), aRow), "the same again")
			f.FailNext(blockindextest.Delete, when, boom)
			require.ErrorIs(t, f.Delete(t.Context(), "t", aRow.ID), boom)
			require.Equal(t, when == blockindextest.After, find() == 0)
			require.Equal(t, aRow.ID, f.Fired()[1].Arg)

			for _, op := range []faultplan.Op{blockindextest.Find, blockindextest.All, blockindextest.Tenants} {
				f.FailNext(op, when, boom)
			}
			rows, err := f.Find(t.Context(), "t", 0, 1)
			require.ErrorIs(t, err, boom)
			require.Nil(t, rows)
			rows, err = f.All(t.Context(), "t")
			require.ErrorIs(t, err, boom)
			require.Nil(t, rows)
			tenants, err := f.Tenants(t.Context())
			require.ErrorIs(t, err, boom)
			require.Nil(t, tenants)
			require.Zero(t, f.Pending())
		})
	}
}

// TestOnePlanForStoreAndIndex crashes a writer that puts an object and then a
// row at each of its calls, and runs it again: the loop of faultplan's page.
func TestOnePlanForStoreAndIndex(t *testing.T) {
	for n := 1; n <= 2; n++ {
		for _, when := range faultplan.Both {
			plan := faultplan.New()
			store := objstoretest.NewFaultsOf(plan, objstoretest.NewMem())
			index := blockindextest.NewFaultsOf(plan, blockindextest.NewMem())
			write := func() error {
				if err := store.Put(t.Context(), "k", []byte("x")); err != nil {
					return err
				}
				return index.Insert(t.Context(), aRow)
			}
			plan.CrashAt(n, when)
			require.ErrorIs(t, write(), faultplan.ErrCrashed)
			_, err := index.Find(t.Context(), "t", 0, 1)
			require.ErrorIs(t, err, faultplan.ErrCrashed)
			plan.Revive()
			require.NoError(t, write())
		}
	}
}
