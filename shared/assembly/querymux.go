package assembly

import (
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/grafana/pyroscope/api/gen/proto/go/vcs/v1/vcsv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/adhoc"
	"github.com/pyrocumulus/pyrocumulus/shared/connectgzip"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/settings"
	"github.com/pyrocumulus/pyrocumulus/shared/webui"
)

// pathVCS is the service that shows source code beside a flame graph. Its calls
// are answered with unimplemented, by which Profiles Drilldown hides it.
const pathVCS = "/" + vcsv1connect.VCSServiceName + "/"

// queryPaths returns the paths of the query function; one that ends in "/"
// stands for all below it, except "/", which is the page.
func queryPaths() []string {
	return append(append(query.Paths(), settings.Path, adhoc.Path, pathVCS, retention.Path), webui.Paths()...)
}

// isPage reports whether a path is one of the page's.
func isPage(path string) bool {
	return path == webui.PathIndex || strings.HasPrefix(path, webui.PathAssets)
}

// queryMux hands the requests of the query function to whoever serves them.
type queryMux struct {
	queries                     http.Handler // all but those of the others
	settings, adhoc, vcs, admin http.Handler
	page                        http.Handler
}

func newQueryMux(queries, settings, adhoc, admin http.Handler) *queryMux {
	m := &queryMux{queries: queries, settings: settings, adhoc: adhoc, admin: admin, page: webui.New()}
	_, m.vcs = vcsv1connect.NewVCSServiceHandler(vcsv1connect.UnimplementedVCSServiceHandler{},
		connect.WithReadMaxBytes(64<<10), connectgzip.WithGzip())
	return m
}

// ServeHTTP implements http.Handler.
func (m *queryMux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, settings.Path):
		m.settings.ServeHTTP(w, r)
	case strings.HasPrefix(path, adhoc.Path):
		m.adhoc.ServeHTTP(w, r)
	case strings.HasPrefix(path, pathVCS):
		m.vcs.ServeHTTP(w, r)
	case strings.HasPrefix(path, retention.Path):
		m.admin.ServeHTTP(w, r)
	case isPage(path):
		m.page.ServeHTTP(w, r)
	default:
		m.queries.ServeHTTP(w, r)
	}
}
