// Package tenancy finds out for which tenant a request is.
//
// The tenant is asked for where the request is handled and then passed on as an
// argument; it never travels in a context.
package tenancy

import (
	"errors"
	"net/http"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Header names the tenant, or several divided by "|" where a request may read
// those of several. Whatever stands in front of us (package auth, a proxy
// of the user) must set it from what the client proved, and let no other through.
const Header = "X-Scope-OrgID"

// Resolver finds the tenant of requests. Its zero value is that of an
// installation without multitenancy.
type Resolver struct {
	// Multi says that multitenancy is on. If it is off, the header is ignored
	// and everything belongs to profile.AnonymousTenant.
	Multi bool
}

// Tenant returns the tenant that a request is for, which must name exactly
// one, as all that write do. The error is a *connect.Error that can be
// returned or written (see package connecterr) as it is: unauthenticated if
// there is no tenant, more than one or a bad one, invalid_argument for a header
// that consists of nothing but "|". It wraps those of profile.ParseTenant.
func (r Resolver) Tenant(h http.Header) (profile.TenantID, error) {
	if !r.Multi {
		return profile.AnonymousTenant, nil
	}
	id, err := profile.ParseTenant(h.Get(Header))
	if err != nil {
		return "", asConnect(h, err)
	}
	return id, nil
}

// Tenants returns the tenants that a request asks for, sorted and each once: at
// least one. The error is as that of Tenant, but several tenants are none.
func (r Resolver) Tenants(h http.Header) ([]profile.TenantID, error) {
	if !r.Multi {
		return []profile.TenantID{profile.AnonymousTenant}, nil
	}
	ids, err := profile.ParseTenants(h.Get(Header))
	if err != nil {
		return nil, asConnect(h, err)
	}
	return ids, nil
}

func asConnect(h http.Header, err error) error {
	if errors.Is(err, profile.ErrNoTenant) && h.Get(Header) != "" {
		return connect.NewError(connect.CodeInvalidArgument, err)
	}
	return connect.NewError(connect.CodeUnauthenticated, err)
}
