package recordstest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

func testRoundTrip(t *testing.T, w *world) {
	full := record("a/b#c é\x00\n", "\x00\xff\x80binary\r\n")
	full.Expires = w.clock().Add(time.Hour)
	empty := record("empty", "")
	got(t, w, put(t, w, full))
	got(t, w, put(t, w, empty))
	cutOff := record("cut", "x")
	cutOff.Expires = w.clock().Add(time.Hour + 300*time.Millisecond)
	cutOff = put(t, w, cutOff)
	cutOff.Expires = w.clock().Add(time.Hour)
	got(t, w, cutOff)
}

func testNothing(t *testing.T, w *world) {
	absent(t, w, name("a"))
	listed(t, w, tenantA, kind)
}

func testPutCompares(t *testing.T, w *world) {
	conflict := func(r records.Record) {
		t.Helper()
		_, err := w.Put(t.Context(), r)
		require.ErrorIs(t, err, records.ErrConflict)
	}
	r := record("a", "1")
	r.Version = 1
	conflict(r) // there is none
	absent(t, w, r.Name)
	r.Version = 0
	first := put(t, w, r)
	conflict(r)
	conflict(record("a", "other"))
	wrong := first
	wrong.Version++
	conflict(wrong)
	got(t, w, first)
	next := first
	next.Value = []byte("2")
	next = put(t, w, next)
	got(t, w, next)
	conflict(first)
	got(t, w, next)
}

func testDeleteCompares(t *testing.T, w *world) {
	require.ErrorIs(t, w.Delete(t.Context(), name("a"), 0), records.ErrConflict)
	require.ErrorIs(t, w.Delete(t.Context(), name("a"), 1), records.ErrConflict)
	first := put(t, w, record("a", "1"))
	other := put(t, w, record("b", "1"))
	require.ErrorIs(t, w.Delete(t.Context(), first.Name, 0), records.ErrConflict)
	require.ErrorIs(t, w.Delete(t.Context(), first.Name, first.Version+1), records.ErrConflict)
	second := put(t, w, first)
	require.ErrorIs(t, w.Delete(t.Context(), first.Name, first.Version), records.ErrConflict)
	got(t, w, second)
	require.NoError(t, w.Delete(t.Context(), first.Name, second.Version))
	absent(t, w, first.Name)
	got(t, w, other)
	require.ErrorIs(t, w.Delete(t.Context(), first.Name, second.Version), records.ErrConflict)
}

// testVersionsGrow is what makes versions fencing tokens: who holds the version
// of a lease that expired must not get hold of the next one by it.
func testVersionsGrow(t *testing.T, w *world) {
	r := record("a", "x")
	last := uint64(0)
	for i := range 6 {
		r.Version = 0
		if r.Expires = (time.Time{}); i%2 == 0 {
			r.Expires = w.clock().Add(time.Minute)
		}
		now := put(t, w, put(t, w, r))
		require.Greater(t, now.Version-1, last, "the first version after the record was gone")
		stale := now
		stale.Version = last
		if last > 0 {
			_, err := w.Put(t.Context(), stale)
			require.ErrorIs(t, err, records.ErrConflict)
			require.ErrorIs(t, w.Delete(t.Context(), stale.Name, last), records.ErrConflict)
		}
		last = now.Version
		w.pass(time.Minute)
		if i%2 == 1 {
			require.NoError(t, w.Delete(t.Context(), r.Name, last))
		}
	}
}

// race runs many calls at once and wants one of them to succeed.
func race(t *testing.T, call func(i int) error) {
	t.Helper()
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, records.ErrConflict)
	}
	require.Equal(t, 1, won)
}

func testPutRace(t *testing.T, w *world) {
	r := record("a", "x")
	for range 4 {
		race(t, func(i int) error {
			mine := r
			mine.Value = []byte{byte(i)}
			_, err := w.Put(t.Context(), mine)
			return err
		})
		var err error
		r, err = w.Get(t.Context(), r.Name)
		require.NoError(t, err)
	}
}

func testDeleteRace(t *testing.T, w *world) {
	for range 4 {
		r, err := w.Get(t.Context(), name("a"))
		if err != nil {
			require.ErrorIs(t, err, records.ErrNotFound)
			r = put(t, w, record("a", "x"))
		}
		race(t, func(i int) error {
			if i%2 == 0 {
				return w.Delete(t.Context(), r.Name, r.Version)
			}
			_, err := w.Put(t.Context(), r)
			return err
		})
	}
}

func testBad(t *testing.T, w *world) {
	for what, n := range map[string]records.Name{
		"no tenant":    {Kind: kind, Key: "a"},
		"bad tenant":   {Tenant: "a/b", Kind: kind, Key: "a"},
		"no kind":      {Tenant: tenantA, Key: "a"},
		"bad kind":     {Tenant: tenantA, Kind: "a#b", Key: "a"},
		"long kind":    {Tenant: tenantA, Kind: records.Kind(strings.Repeat("a", 33)), Key: "a"},
		"no key":       {Tenant: tenantA, Kind: kind},
		"long key":     {Tenant: tenantA, Kind: kind, Key: strings.Repeat("a", records.MaxKeyBytes+1)},
		"key no UTF-8": {Tenant: tenantA, Kind: kind, Key: "\xff"},
	} {
		_, err := w.Get(t.Context(), n)
		require.ErrorIs(t, err, records.ErrBadRecord, what)
		_, err = w.Put(t.Context(), records.Record{Name: n})
		require.ErrorIs(t, err, records.ErrBadRecord, what)
		require.ErrorIs(t, w.Delete(t.Context(), n, 1), records.ErrBadRecord, what)
		_, err = w.Add(t.Context(), n, 1, time.Time{})
		require.ErrorIs(t, err, records.ErrBadRecord, what)
	}
	for _, tt := range []struct {
		tenant profile.TenantID
		kind   records.Kind
	}{{"", kind}, {"..", kind}, {tenantA, ""}, {tenantA, "A"}} {
		_, err := w.List(t.Context(), tt.tenant, tt.kind)
		require.ErrorIs(t, err, records.ErrBadRecord)
	}
	big := record("a", strings.Repeat("x", records.MaxValueBytes+1))
	_, err := w.Put(t.Context(), big)
	require.ErrorIs(t, err, records.ErrBadRecord)
	listed(t, w, tenantA, kind)
}

func testLimits(t *testing.T, w *world) {
	r := records.Record{
		Name: records.Name{
			Tenant: profile.TenantID(strings.Repeat("(", profile.MaxTenantIDBytes)),
			Kind:   records.Kind(strings.Repeat("k", 32)), Key: strings.Repeat("é", records.MaxKeyBytes/2),
		},
		Value: bytes.Repeat([]byte{0xff}, records.MaxValueBytes),
	}
	r = put(t, w, r)
	got(t, w, r)
	r = put(t, w, r)
	listed(t, w, r.Tenant, r.Kind, r)
	require.NoError(t, w.Delete(t.Context(), r.Name, r.Version))
	total, err := w.Add(t.Context(), r.Name, 1<<62, time.Time{})
	require.NoError(t, err)
	require.Equal(t, int64(1<<62), total)
}

func testOwnership(t *testing.T, w *world) {
	want := record("a", "value")
	mine := record("a", "value")
	want.Version = put(t, w, mine).Version
	clear(mine.Value)
	for range 2 {
		r, err := w.Get(t.Context(), want.Name)
		require.NoError(t, err)
		same(t, want, r)
		clear(r.Value)
		all, err := w.List(t.Context(), tenantA, kind)
		require.NoError(t, err)
		same(t, want, all[0])
		clear(all[0].Value)
	}
}

func testCancelled(t *testing.T, w *world) {
	first := put(t, w, record("a", "1"))
	cause := errors.New("the reason of the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	_, err := w.Get(ctx, first.Name)
	require.ErrorIs(t, err, cause)
	_, err = w.List(ctx, tenantA, kind)
	require.ErrorIs(t, err, cause)
	_, err = w.Put(ctx, first)
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, w.Delete(ctx, first.Name, first.Version), cause)
	_, err = w.Add(ctx, name("n"), 1, time.Time{})
	require.ErrorIs(t, err, cause)
	listed(t, w, tenantA, kind, first)
	total, err := w.Add(t.Context(), name("n"), 1, time.Time{})
	require.NoError(t, err)
	require.Equal(t, int64(1), total)
}
