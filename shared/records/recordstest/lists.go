package recordstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

func testList(t *testing.T, w *world) {
	sorted := []string{"\x00", "!", "A", "a", "a#", "a/b", "aa", "b", "é", "日本"}
	want := make([]records.Record, len(sorted))
	for i := range sorted {
		j := (i * 7) % len(sorted) // in another order
		want[j] = put(t, w, record(sorted[j], sorted[j]))
	}
	for _, other := range []records.Kind{"limit", "limits-", "limits2", "l"} {
		r := record("a", "x")
		r.Kind = other
		r = put(t, w, r)
		listed(t, w, tenantA, other, r)
	}
	listed(t, w, tenantA, kind, want...)
	require.NoError(t, w.Delete(t.Context(), want[3].Name, want[3].Version))
	listed(t, w, tenantA, kind, append(want[:3:3], want[4:]...)...)
}

func testListPages(t *testing.T, w *world) {
	var want []records.Record
	for i := range 120 {
		r := record(fmt.Sprintf("%04d", i), "x")
		if i%10 == 3 {
			r.Expires = w.clock().Add(time.Minute)
			put(t, w, r)
			continue
		}
		want = append(want, put(t, w, r))
	}
	w.pass(time.Minute)
	listed(t, w, tenantA, kind, want...)
}

// testListLarge lists some megabytes: DynamoDB gives one at a time.
func testListLarge(t *testing.T, w *world) {
	var want []records.Record
	for i := range 10 {
		want = append(want, put(t, w, record(fmt.Sprintf("%04d", i), strings.Repeat("x", records.MaxValueBytes))))
	}
	listed(t, w, tenantA, kind, want...)
}

func testExpiry(t *testing.T, w *world) {
	r := record("a", "1")
	r.Expires = w.clock().Add(10 * time.Second)
	r = put(t, w, r)
	stays := put(t, w, record("b", "1"))
	w.pass(9 * time.Second)
	got(t, w, r)
	listed(t, w, tenantA, kind, r, stays)
	w.pass(time.Second)
	absent(t, w, r.Name)
	listed(t, w, tenantA, kind, stays)
	_, err := w.Put(t.Context(), r)
	require.ErrorIs(t, err, records.ErrConflict, "its version is that of a record which is not there")
	require.ErrorIs(t, w.Delete(t.Context(), r.Name, r.Version), records.ErrConflict)
	again := record("a", "2")
	again.Expires = w.clock().Add(time.Hour)
	again = put(t, w, again)
	got(t, w, again)
	w.pass(time.Hour)
	listed(t, w, tenantA, kind, stays)

	past := record("c", "1")
	past.Expires = w.clock()
	_, err = w.Put(t.Context(), past)
	require.NoError(t, err)
	absent(t, w, past.Name)
	forever := put(t, w, record("c", "2"))
	w.pass(1000 * time.Hour)
	got(t, w, forever)
}

func testExpiryChanges(t *testing.T, w *world) {
	r := record("a", "1")
	r.Expires = w.clock().Add(10 * time.Second)
	r = put(t, w, r)
	r.Expires = w.clock().Add(20 * time.Second)
	r = put(t, w, r)
	w.pass(15 * time.Second)
	got(t, w, r)
	r.Expires = time.Time{}
	r = put(t, w, r)
	w.pass(time.Hour)
	put(t, w, record("z", "a write, at which an adapter may clean up"))
	got(t, w, r)
	r.Expires = w.clock().Add(time.Second)
	r = put(t, w, r)
	got(t, w, r)
	w.pass(time.Second)
	absent(t, w, r.Name)
}

// testTenancy gives tenants whose names begin alike, and differ in case,
// records of the same name.
func testTenancy(t *testing.T, w *world) {
	tenants := []profile.TenantID{"!", "(a)", "A", "a", "a!", "a.", "a.b", "aA", "aa", "limits", "tenant-a"}
	all := make(map[profile.TenantID]records.Record)
	for i, tenant := range tenants {
		r := record("a", fmt.Sprint(i))
		r.Tenant = tenant
		all[tenant] = put(t, w, r)
		total, err := w.Add(t.Context(), r.Name, int64(i), time.Time{})
		require.NoError(t, err)
		require.Equal(t, int64(i), total)
	}
	for _, tenant := range tenants {
		got(t, w, all[tenant])
		listed(t, w, tenant, kind, all[tenant])
	}
	n := name("a")
	n.Tenant = tenantB
	absent(t, w, n)
	listed(t, w, tenantB, kind)
	require.ErrorIs(t, w.Delete(t.Context(), n, all["a"].Version), records.ErrConflict)
	require.NoError(t, w.Delete(t.Context(), all["A"].Name, all["A"].Version))
	got(t, w, all["a"])
	put(t, w, all["aA"])
	got(t, w, all["aa"])
}
