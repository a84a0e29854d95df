package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TenantID names the owner of data, the hard isolation boundary. It is at most
// [MaxTenantIDBytes] long and consists of letters, digits and !-_.*'(), so that
// it can stand in an object key as it is. "." and ".." are not tenants.
type TenantID string

// MaxTenantIDBytes is the longest tenant id, as in Grafana's databases.
const MaxTenantIDBytes = 150

// AnonymousTenant owns everything when multitenancy is off.
const AnonymousTenant TenantID = "anonymous"

// Errors of the tenant header. Their texts are those that clients of Pyroscope
// know.
var (
	ErrNoTenant        = errors.New("no org id")
	ErrMultipleTenants = errors.New("multiple org IDs present")
	ErrBadTenant       = errors.New("tenant ID is invalid")
)

// ParseTenant checks the value of an X-Scope-OrgID header that must name
// exactly one tenant.
func ParseTenant(header string) (TenantID, error) {
	ids, err := ParseTenants(header)
	if err != nil {
		return "", err
	}
	if len(ids) > 1 {
		return "", ErrMultipleTenants
	}
	return ids[0], nil
}

// ParseTenants checks the value of an X-Scope-OrgID header that may name
// several tenants, as "a|b". The result is sorted and without repetition;
// empty parts are tolerated as long as one tenant remains.
func ParseTenants(header string) ([]TenantID, error) {
	var ids []TenantID
	for part := range strings.SplitSeq(header, "|") {
		if part == "" {
			continue
		}
		id := TenantID(part)
		if err := id.Validate(); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, ErrNoTenant
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Validate reports whether the id may be used as a tenant; the error wraps
// [ErrBadTenant] or is [ErrNoTenant].
func (t TenantID) Validate() error {
	switch {
	case t == "":
		return ErrNoTenant
	case t == "." || t == "..":
		return fmt.Errorf("%w: %q", ErrBadTenant, string(t))
	case len(t) > MaxTenantIDBytes:
		return fmt.Errorf("%w: longer than %d bytes", ErrBadTenant, MaxTenantIDBytes)
	}
	for i := range len(t) {
		c := t[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!-_.*'()", c) >= 0:
		default:
			return fmt.Errorf("%w: %q holds the character %q", ErrBadTenant, string(t), string(t[i:i+1]))
		}
	}
	return nil
}
