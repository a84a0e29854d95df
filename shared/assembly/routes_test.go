package assembly

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A request at the root is for the page alone; whatever else has no route is
// still for ingest, the double slash above all.
func TestThePageTakesNoPushes(t *testing.T) {
	routes := QueryRoutes()
	require.Contains(t, routes, "ANY /")
	require.Contains(t, routes, "ANY /ui/{proxy+}")
	require.NotContains(t, routes, "ANY /{proxy+}")
}

func TestQueryMuxKnowsThePage(t *testing.T) {
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	mux := newQueryMux(other, other, other, other)
	for path, want := range map[string]int{
		"/": 200, "/ui/icon.svg": 200, "/ui/x": 404, "/ready": 418, "/querier.v1.QuerierService/Diff": 418, "/uix": 418,
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		require.Equal(t, want, w.Code, path)
	}
}
