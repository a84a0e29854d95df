package assembly

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/adhoc"
	"github.com/pyrocumulus/pyrocumulus/shared/auth"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/settings"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// Nothing is open but /ready and the page, pushes need ingest, all else query; what can be
// written is never of several tenants.
func TestAccess(t *testing.T) {
	for _, path := range append(ingest.Paths(), "/", "/ready", "/unknown", "/adminx") {
		require.Equal(t, auth.Access{Scope: token.ScopeIngest}, ingestAccess(path), path)
	}
	for _, path := range query.Paths() {
		want := auth.Access{Scope: token.ScopeQuery, Federated: true}
		if path == "/ready" {
			want = auth.Access{Open: true}
		}
		if strings.HasSuffix(path, "/") {
			path += "Series"
		}
		require.Equal(t, want, queryAccess(path), path)
	}
	for _, path := range []string{"/", "/ui/app.js"} {
		require.Equal(t, auth.Access{Open: true}, queryAccess(path), path)
	}
	for _, path := range []string{"//", "/ui", "/uix", settings.Path + "Set", adhoc.Path + "Upload", pathVCS + "GetFile", "/unknown", "/ready/", "/READY"} {
		require.Equal(t, auth.Access{Scope: token.ScopeQuery}, queryAccess(path), path)
	}
	for _, access := range []func(string) auth.Access{ingestAccess, queryAccess} {
		require.Equal(t, auth.Access{Scope: token.ScopeAdmin}, access("/admin/tenants"))
	}
}
