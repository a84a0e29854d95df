// Package ingest takes profiles in: it reads what clients send, refuses what
// is not fit to be stored, and puts the rest on the queue.
//
// A request is answered with success only when the queue has every profile of
// it. Everything about a profile is judged here, by the clock of the request,
// and never again: what waits in the queue has been accepted. The good profiles
// of a request are stored even if others of it are refused.
//
// The way of a profile through this package: an endpoint (push.go, legacy.go, otlp.go)
// takes the request apart; intake.go decodes, checks and normalises each
// profile and packs it into a message; send.go stores and sends the messages;
// and the endpoint tells the client about what was refused (refuse.go).
package ingest

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"

	"github.com/grafana/pyroscope/api/gen/proto/go/debuginfo/v1alpha1/debuginfov1alpha1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
)

// Deps is what a Handler works with. All fields are required, but for Tenants,
// Rate and Uploads.
type Deps struct {
	// Queues take the profiles, one or more. All profiles of a service go to one
	// of them, which follows from tenant, service and how many queues there are:
	// so their segments hold few services each, and a profile that is pushed
	// again meets itself.
	Queues []queue.Sender
	Store  objstore.Putter // for profiles too large for a message
	Codec  *envelope.Codec
	Now    func() time.Time
	Log    *slog.Logger
	// Tenants knows the limits of tenants; nil: all have those of the settings.
	Tenants TenantLimits
	// Rate limits what tenants push; nil: nothing does.
	Rate RateLimiter
	// Uploads keeps bodies that are too large for a request; nil: there are none.
	Uploads *Uploads
}

// Handler serves the endpoints that take profiles in. It may be used by many
// goroutines.
type Handler struct {
	Deps
	settings Settings
	tenants  tenancy.Resolver
	push     http.Handler
	symbols  http.Handler
}

// New returns a handler. It starts nothing in the background.
func New(s Settings, d Deps) *Handler {
	h := &Handler{Deps: d, settings: s, tenants: tenancy.Resolver{Multi: s.Multitenancy}}
	h.push, h.symbols = newPushHandler(h), newDebuginfoHandler(h)
	return h
}

// Paths returns the paths that a Handler serves; it answers others with 404.
// More slashes at the beginning of a path count for nothing: some clients write
// the address of the server and the path one after the other.
func Paths() []string {
	return []string{
		pushv1connect.PusherServicePushProcedure, pathIngest, pathIngestAlias, pathOTLP, pathOTLPService, pathUpload,
		debuginfov1alpha1connect.DebuginfoServiceShouldInitiateUploadProcedure,
	}
}

// The paths of the HTTP API of the language SDKs, and of OTLP, where that of
// the service is what gRPC uses.
const (
	pathIngest      = "/ingest"
	pathIngestAlias = "/pyroscope/ingest"
	pathOTLP        = "/v1development/profiles"
	pathOTLPService = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"
)

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := "/" + strings.TrimLeft(r.URL.Path, "/"); path != r.URL.Path {
		again, target := *r, *r.URL
		target.Path = path
		again.URL = &target
		r = &again
	}
	if r.Header.Get(HeaderUpload) != "" {
		with, err := h.withUpload(w, r)
		if err != nil {
			writeError(w, err)
			return
		}
		r = with
	}
	switch r.URL.Path {
	case pathUpload:
		h.serveUpload(w, r)
	case pushv1connect.PusherServicePushProcedure:
		h.push.ServeHTTP(w, r)
	case pathIngest, pathIngestAlias:
		h.serveIngest(w, r)
	case pathOTLP, pathOTLPService:
		h.serveOTLP(w, r)
	case debuginfov1alpha1connect.DebuginfoServiceShouldInitiateUploadProcedure:
		h.symbols.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}
