package stack

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
)

// Front serves HTTP as the deployed API does: queries by the query function,
// everything else by ingest.
func Front(h *runtimeapi.Host, log *slog.Logger) (http.Handler, error) {
	routes := []gateway.Route{{Key: gateway.DefaultKey, Function: h.HTTPFunction(Ingest)}}
	for _, key := range assembly.QueryRoutes() {
		routes = append(routes, gateway.Route{Key: key, Function: h.HTTPFunction(Query)})
	}
	front, err := gateway.New(routes, gateway.Options{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("make front: %w", err)
	}
	return front, nil
}
