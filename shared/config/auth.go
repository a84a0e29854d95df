package config

import "errors"

// Auth is how the tenant of a request is found.
type Auth string

// The ways to find the tenant.
const (
	AuthNone   Auth = "none"   // there is one tenant, anonymous; whoever can reach the functions is it
	AuthHeader Auth = "header" // X-Scope-OrgID, which something in front must set and check
	AuthToken  Auth = "token"  // the token of the client (packages auth and token)
)

// Multitenancy reports whether there is more than one tenant.
func (a Auth) Multitenancy() bool { return a == AuthHeader || a == AuthToken }

// ParseAuth reads one of the ways by its name.
func ParseAuth(s string) (Auth, error) {
	switch a := Auth(s); a {
	case AuthNone, AuthHeader, AuthToken:
		return a, nil
	}
	return "", errors.New("want none, header or token")
}
