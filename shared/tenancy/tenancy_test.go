package tenancy_test

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

func header(values ...string) http.Header {
	h := http.Header{}
	for _, v := range values {
		h.Add("X-Scope-OrgID", v)
	}
	return h
}

func TestWithoutMultitenancyTheHeaderIsIgnored(t *testing.T) {
	for _, h := range []http.Header{header(), header("acme"), header("a|b"), header("../..")} {
		one, err := tenancy.Resolver{}.Tenant(h)
		require.NoError(t, err)
		require.Equal(t, profile.AnonymousTenant, one)
		many, err := tenancy.Resolver{}.Tenants(h)
		require.NoError(t, err)
		require.Equal(t, []profile.TenantID{profile.AnonymousTenant}, many)
	}
}

func TestWithMultitenancy(t *testing.T) {
	const fine = connect.Code(0)
	for _, c := range []struct {
		header  http.Header
		one     profile.TenantID
		oneErr  connect.Code
		many    []profile.TenantID
		manyErr connect.Code
		is      error
	}{
		{header: header("acme"), one: "acme", many: []profile.TenantID{"acme"}},
		{header: header("acme|"), one: "acme", many: []profile.TenantID{"acme"}},
		{header: header("a|a"), one: "a", many: []profile.TenantID{"a"}},
		{header: header("b||a|b"), oneErr: connect.CodeUnauthenticated, many: []profile.TenantID{"a", "b"}, is: profile.ErrMultipleTenants},
		{header: header(), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrNoTenant},
		{header: header(""), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrNoTenant},
		{header: header("|"), oneErr: connect.CodeInvalidArgument, manyErr: connect.CodeInvalidArgument, is: profile.ErrNoTenant},
		{header: header(".."), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrBadTenant},
		{header: header("a/b"), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrBadTenant},
		{header: header("a|b c"), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrBadTenant},
		{header: header(strings.Repeat("x", 151)), oneErr: connect.CodeUnauthenticated, manyErr: connect.CodeUnauthenticated, is: profile.ErrBadTenant},
	} {
		r := tenancy.Resolver{Multi: true}
		one, err := r.Tenant(c.header)
		require.Equal(t, c.one, one, "%v", c.header)
		if c.oneErr == fine {
			require.NoError(t, err)
		} else {
			require.Equal(t, c.oneErr, connect.CodeOf(err), "%v", c.header)
			require.ErrorIs(t, err, c.is)
		}
		many, err := r.Tenants(c.header)
		require.Equal(t, c.many, many, "%v", c.header)
		if c.manyErr == fine {
			require.NoError(t, err)
		} else {
			require.Equal(t, c.manyErr, connect.CodeOf(err), "%v", c.header)
			require.ErrorIs(t, err, c.is)
		}
	}
}

func TestTheMessageIsTheOneClientsKnow(t *testing.T) {
	_, err := tenancy.Resolver{Multi: true}.Tenant(header())
	require.EqualError(t, err, "unauthenticated: no org id")
}
