package recordstest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

func mem(now func() time.Time) *recordstest.Mem {
	m := recordstest.NewMem()
	m.Now = now
	return m
}

func TestMem(t *testing.T) {
	recordstest.Run(t, func(_ *testing.T, now func() time.Time) records.Store { return mem(now) })
}

func TestFaultsWithNothingPlanned(t *testing.T) {
	recordstest.Run(t, func(_ *testing.T, now func() time.Time) records.Store { return recordstest.NewFaults(mem(now)) })
}

func TestFaults(t *testing.T) {
	n := records.Name{Tenant: "t", Kind: "k", Key: "a"}
	for _, when := range faultplan.Both {
		t.Run(when.String(), func(t *testing.T) {
			f, boom := recordstest.NewFaults(recordstest.NewMem()), errors.New("boom")
			f.FailNext(recordstest.Put, when, boom)
			version, err := f.Put(t.Context(), records.Record{Name: n})
			require.ErrorIs(t, err, boom)
			require.Zero(t, version)
			require.Equal(t, "k/a", f.Fired()[0].Arg)
			r, err := f.Get(t.Context(), n)
			require.Equal(t, when == recordstest.After, err == nil)
			f.FailNext(recordstest.Add, when, boom)
			_, err = f.Add(t.Context(), n, 1, time.Time{})
			require.ErrorIs(t, err, boom)
			total, err := f.Add(t.Context(), n, 1, time.Time{})
			require.NoError(t, err)
			require.Equal(t, map[bool]int64{true: 2, false: 1}[when == recordstest.After], total)
			for _, op := range []faultplan.Op{recordstest.Get, recordstest.List, recordstest.Delete} {
				f.FailNext(op, when, boom)
			}
			_, err = f.Get(t.Context(), n)
			require.ErrorIs(t, err, boom)
			_, err = f.List(t.Context(), "t", "k")
			require.ErrorIs(t, err, boom)
			require.ErrorIs(t, f.Delete(t.Context(), n, r.Version), boom)
			_, err = f.Get(t.Context(), n)
			require.ErrorIs(t, err, records.ErrNotFound)
			require.Zero(t, f.Pending())
		})
	}
}
