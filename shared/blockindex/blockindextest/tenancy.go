package blockindextest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// tenants checks what Tenants gives.
func tenants(t *testing.T, ix blockindex.Index, want ...profile.TenantID) {
	t.Helper()
	got, err := ix.Tenants(t.Context())
	require.NoError(t, err)
	require.Equal(t, append([]profile.TenantID{}, want...), append([]profile.TenantID{}, got...))
}

// testTenancy gives tenants whose names begin alike, and differ in case, rows of
// the same id and time.
func testTenancy(t *testing.T, ix blockindex.Index) {
	sorted := []profile.TenantID{"!", "(a)", "A", "a", "a!", "a.", "a.b", "aA", "aa", "aaa", "tenant-a"}
	rows := make(map[profile.TenantID]blockindex.Row)
	for i, name := range sorted {
		r := row(1)
		r.Tenant, r.Detail = name, []byte{byte(i)}
		rows[name] = r
		insert(t, ix, r)
	}
	for _, name := range sorted {
		foundAll(t, ix, name, rows[name])
		all(t, ix, name, rows[name])
	}
	for _, absent := range []profile.TenantID{"b", "", "aaaa", "tenant-", "tenant-a2"} {
		if absent != "" {
			foundAll(t, ix, absent)
			all(t, ix, absent)
		}
	}
	// A row replaces rows of its own tenant alone.
	merged := replacing(2, row(1))
	merged.Tenant = "a"
	insert(t, ix, merged)
	other := merged
	other.Tenant, other.ID = "aa", id(3)
	insert(t, ix, other) // its own row of that id is not taken
	foundAll(t, ix, "aa", other)
	require.NoError(t, ix.Delete(t.Context(), "aa", other.ID))
	foundAll(t, ix, "a", merged)
	foundAll(t, ix, "aa", rows["aa"])
	// And Delete removes them of its own tenant alone.
	require.NoError(t, ix.Delete(t.Context(), "b", id(1), id(2)))
	require.NoError(t, ix.Delete(t.Context(), "A", id(1), id(2)))
	foundAll(t, ix, "A")
	foundAll(t, ix, "a", merged)
	foundAll(t, ix, "aA", rows["aA"])
	tenants(t, ix, "!", "(a)", "a", "a!", "a.", "a.b", "aA", "aa", "aaa", "tenant-a")
}

func testTenants(t *testing.T, ix blockindex.Index) {
	a1, a2, b1 := row(1), row(2), row(1)
	b1.Tenant = tenantB
	insert(t, ix, b1)
	tenants(t, ix, tenantB)
	insert(t, ix, a1, a2)
	tenants(t, ix, tenantA, tenantB)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a1.ID))
	tenants(t, ix, tenantA, tenantB)
	require.NoError(t, ix.Delete(t.Context(), tenantA, a2.ID))
	tenants(t, ix, tenantB)
	require.NoError(t, ix.Delete(t.Context(), tenantB, b1.ID))
	tenants(t, ix)
	insert(t, ix, a1)
	tenants(t, ix, tenantA)
}

func (st *suite) testDurable(t *testing.T) {
	first := st.open(t)
	a, b, c := row(1), row(2), row(3)
	ab := replacing(10, a, b)
	other := row(1)
	other.Tenant = tenantB
	insert(t, first, a, b, c, ab, other)
	require.NoError(t, first.Delete(t.Context(), tenantA, c.ID, b.ID))
	require.NoError(t, first.Delete(t.Context(), tenantB, other.ID))

	second := st.again(t, first)
	foundAll(t, second, tenantA, ab)
	all(t, second, tenantA, a, ab)
	foundAll(t, second, tenantB)
	tenants(t, second, tenantA)
	insert(t, second, a, ab, other)
	refused(t, second, replacing(11, a))
	a.Detail = nil
	require.ErrorIs(t, second.Insert(t.Context(), a), blockindex.ErrConflict)
	foundAll(t, second, tenantB, other)
}
