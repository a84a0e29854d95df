package assembly

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/adhoc"
	"github.com/pyrocumulus/pyrocumulus/shared/auth"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/settings"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// guarded puts the check of tokens before a handler, if there are tokens.
func (h Host) guarded(next http.Handler, mode config.Auth, facts token.Reader, access func(path string) auth.Access) http.Handler {
	if mode != config.AuthToken {
		return next
	}
	return auth.Handler(next, token.NewChecker(facts, h.Now, h.Log), access)
}

// pathAdmin is below which paths need the scope admin, whichever function has
// them.
const pathAdmin = "/admin/"

// ingestAccess is what the paths of the ingest function ask of a token, those
// that it does not know included.
func ingestAccess(path string) auth.Access {
	if strings.HasPrefix(path, pathAdmin) {
		return auth.Access{Scope: token.ScopeAdmin}
	}
	return auth.Access{Scope: token.ScopeIngest}
}

// queryAccess is what the paths of the query function ask of a token. Settings
// and files are written as well as read, so that they are never another
// tenant's.
func queryAccess(path string) auth.Access {
	switch {
	case path == query.PathReady, // load balancers ask it
		isPage(path): // the same for everybody; it asks people for their token
		return auth.Access{Open: true}
	case strings.HasPrefix(path, pathAdmin):
		return auth.Access{Scope: token.ScopeAdmin}
	case strings.HasPrefix(path, settings.Path), strings.HasPrefix(path, adhoc.Path), strings.HasPrefix(path, pathVCS):
		return auth.Access{Scope: token.ScopeQuery}
	}
	reads := slices.ContainsFunc(query.Paths(), func(p string) bool {
		return p == path || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p)
	})
	return auth.Access{Scope: token.ScopeQuery, Federated: reads}
}
