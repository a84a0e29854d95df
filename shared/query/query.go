package query

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1/capabilitiesv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/version/v1/versionv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/connectgzip"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

// Index is the part of the block index that queries need; blockindex.Index has
// it.
type Index interface {
	Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error)
}

// Retention tells what counts of a tenant; retention.Reader does.
type Retention interface {
	Of(ctx context.Context, tenant profile.TenantID) (retention.Rules, error)
}

// Deps is what a Handler works with. All fields but Backend, Results, Async,
// Retention and CPU are required.
type Deps struct {
	Index Index
	// Engine answers what is answered here. The log and the headers tell what
	// it reads if readstats counts the reads of its store.
	Engine *engine.Engine
	// Backend are the workers over which large queries are divided; nil is to
	// answer all of them here.
	Backend querybackend.Backend
	// Results keeps answers about slices of time; nil is to compute everything
	// each time.
	Results *resultcache.Cache
	// Async is what queries need that run on their own; nil is to answer those
	// as all others.
	Async *AsyncDeps
	// CPU is the CPU time that the process has used; nil is not to tell.
	CPU func() time.Duration
	// Retention are the rules of what counts; nil is that all does.
	Retention Retention
	Now       func() time.Time
	Log       *slog.Logger
}

// The limits of flame graphs, those of Pyroscope.
const (
	DefaultMaxNodes = 8192    // of a request that names none
	DefaultNodesCap = 1 << 20 // the most that a request may name
)

// Settings say how a Handler answers.
type Settings struct {
	// Multitenancy makes the X-Scope-OrgID header decide whose profiles are
	// read; without it they are those of profile.AnonymousTenant.
	Multitenancy bool
	// MaxNodesDefault is how many nodes a flame graph has if the request does
	// not say; 0 is DefaultMaxNodes.
	MaxNodesDefault int64
	// MaxNodesMax is the most nodes that a request may ask for; 0 is
	// DefaultNodesCap.
	MaxNodesMax int64
	// Timeout is how long a query may take; 0 is as long as its context.
	Timeout time.Duration
	// Lookback is how far back from now on queries are answered, if that is less
	// than profiles are kept; 0 is for ever. What is asked of the time before is
	// left out, and the answer says so (HeaderTrimmed).
	Lookback time.Duration
	// Fanout says how queries are divided; the zero value is
	// fanout.DefaultSettings.
	Fanout fanout.Settings
	// Version and Revision are what is told of this build.
	Version, Revision string
}

// Handler serves queries. It may be used by many goroutines.
type Handler struct {
	Deps
	settings Settings
	tenants  tenancy.Resolver
	runner   *fanout.Runner

	querier, version, features http.Handler
}

// maxRequestBytes bounds the body of a request, as it is sent and decompressed:
// several times the longest selector.
const maxRequestBytes = 1 << 20

// New returns a handler. It starts nothing in the background.
func New(s Settings, d Deps) *Handler {
	s.MaxNodesDefault = cmp.Or(s.MaxNodesDefault, DefaultMaxNodes)
	s.MaxNodesMax = cmp.Or(s.MaxNodesMax, DefaultNodesCap)
	if s.Fanout == (fanout.Settings{}) {
		s.Fanout = fanout.DefaultSettings()
	}
	h := &Handler{Deps: d, settings: s, tenants: tenancy.Resolver{Multi: s.Multitenancy}}
	h.runner = fanout.New(s.Fanout, fanout.Deps{Engine: d.Engine, Backend: d.Backend, Now: d.Now, Log: d.Log})
	options := []connect.HandlerOption{
		connect.WithReadMaxBytes(maxRequestBytes),
		connectgzip.WithGzip(),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(h.intercept)),
	}
	_, h.querier = querierv1connect.NewQuerierServiceHandler(&service{h: h}, options...)
	_, h.version = versionv1connect.NewVersionHandler(versionService{}, options...)
	_, h.features = capabilitiesv1connect.NewFeatureFlagsServiceHandler(featureService{h}, options...)
	return h
}

// PathReady is the path that load balancers ask; it is nobody's in particular.
const PathReady = "/ready"

// The paths that a Handler serves.
const (
	pathBuildInfo = "/api/v1/status/buildinfo"
	pathQuerier   = "/" + querierv1connect.QuerierServiceName + "/"
)

// Paths returns the paths that a Handler serves; one that ends in "/" stands
// for all below it. It answers others with 404.
func Paths() []string {
	return []string{
		pathQuerier, pathRender, pathRenderDiff, pathLabelValues, PathReady, pathBuildInfo,
		versionv1connect.VersionVersionProcedure,
		capabilitiesv1connect.FeatureFlagsServiceGetFeatureFlagsProcedure,
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Connect reads to the end of what its own limit refuses.
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, pathQuerier):
		h.querier.ServeHTTP(w, r)
	case path == pathRender:
		h.serveGet(w, r, h.render)
	case path == pathRenderDiff:
		h.serveGet(w, r, h.renderDiff)
	case path == pathLabelValues:
		h.serveGet(w, r, h.labelValues)
	case path == PathReady:
		serveText(w, r, "text/plain; charset=utf-8", []byte("ready"))
	case path == pathBuildInfo:
		h.serveBuildInfo(w, r)
	case path == versionv1connect.VersionVersionProcedure:
		h.version.ServeHTTP(w, r)
	case path == capabilitiesv1connect.FeatureFlagsServiceGetFeatureFlagsProcedure:
		h.features.ServeHTTP(w, r)
	default:
		connecterr.WriteStatus(w, http.StatusNotFound, connect.CodeNotFound, "no such path")
	}
}

// service is querier.v1.QuerierService. What it does not have is answered by
// the embedded type: unimplemented.
type service struct {
	querierv1connect.UnimplementedQuerierServiceHandler
	h *Handler
}
