package assembly

import (
	"io"
	"net/http"

	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

// withReady answers /ready before a handler of the default route: clients whose
// configured URL ends in a slash ask for "//ready", which matches no route, and do
// not begin to work without it. It needs no tenant.
func withReady(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != query.PathReady || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ready") // the client is gone if it fails
	})
}
