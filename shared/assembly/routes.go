package assembly

import (
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/webui"
)

// QueryRoutes returns the route keys, as an API Gateway HTTP API has them, of
// the query function. All other requests are for the ingest function ($default):
// clients whose configured URL ends in a slash push to "//ingest", which matches
// no route, and lose what they push if nobody takes it.
func QueryRoutes() []string {
	var keys []string
	for _, path := range queryPaths() {
		if strings.HasSuffix(path, "/") && path != webui.PathIndex {
			path += "{proxy+}"
		}
		keys = append(keys, "ANY "+path)
	}
	return keys
}
