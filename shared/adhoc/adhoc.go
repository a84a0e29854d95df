package adhoc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"connectrpc.com/connect"

	adhocv1 "github.com/grafana/pyroscope/api/gen/proto/go/adhocprofiles/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/adhocprofiles/v1/adhocprofilesv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connectgzip"
	"github.com/pyrocumulus/pyrocumulus/shared/flamebearer"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

// MaxRequestBytes bounds a request; a file travels in it as base64. It is a
// little less than what reaches a Lambda function.
const MaxRequestBytes = 4 << 20

// Store is what is needed of the object store.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// Deps is what a Handler works with. All fields are required.
type Deps struct {
	Store   Store
	Records records.Store
	Now     func() time.Time
	Log     *slog.Logger
}

// Settings say how a Handler answers.
type Settings struct {
	Tenants tenancy.Resolver
	// MaxNodesDefault and MaxNodesMax are as in package query.
	MaxNodesDefault, MaxNodesMax int64
}

// Handler serves the service. It may be used by many goroutines.
type Handler struct {
	Deps
	settings Settings
	connect  http.Handler
}

// Path is the path that a Handler serves, with all below it.
const Path = "/" + adhocprofilesv1connect.AdHocProfileServiceName + "/"

// New returns a handler.
func New(s Settings, d Deps) *Handler {
	h := &Handler{Deps: d, settings: s}
	_, h.connect = adhocprofilesv1connect.NewAdHocProfileServiceHandler(service{h},
		connect.WithReadMaxBytes(MaxRequestBytes), connectgzip.WithGzip(),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(h.intercept)))
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.connect.ServeHTTP(w, r) }

// intercept keeps what is of the inside from clients. Errors for them are
// *connect.Error already.
func (h *Handler) intercept(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		res, err := next(ctx, req)
		if ce := new(connect.Error); err == nil || errors.As(err, &ce) {
			return res, err
		}
		h.Log.LogAttrs(ctx, slog.LevelError, "ad hoc profile failed",
			slog.String(telemetry.KeyTenant, req.Header().Get(tenancy.Header)),
			slog.String(telemetry.KeyPath, req.Spec().Procedure), telemetry.Err(err))
		return nil, connect.NewError(connect.CodeUnavailable, errors.New("ad hoc profiles are not available at the moment"))
	}
}

// service is the Connect side of a Handler.
type service struct{ h *Handler }

// Upload implements adhocprofilesv1connect.AdHocProfileServiceHandler.
func (s service) Upload(ctx context.Context, req *connect.Request[adhocv1.AdHocProfilesUploadRequest]) (*connect.Response[adhocv1.AdHocProfilesGetResponse], error) {
	tenant, err := s.h.settings.Tenants.Tenant(req.Header())
	if err != nil {
		return nil, err
	}
	file, err := base64.StdEncoding.DecodeString(req.Msg.GetProfile())
	if err != nil {
		return nil, invalid("the file is not base64: %w", err)
	}
	maxNodes, err := s.h.nodes(req.Msg.MaxNodes)
	if err != nil {
		return nil, err
	}
	u := upload{tenant: tenant, name: req.Msg.GetName()}
	graphs, err := parse(file)
	if err != nil {
		return nil, invalid("%w", err)
	}
	if len(graphs) == 0 {
		return nil, invalid("the file holds no profile")
	}
	if err := s.h.store(ctx, &u, file); err != nil {
		return nil, err
	}
	return u.answer(graphs, "", maxNodes)
}

// Get implements adhocprofilesv1connect.AdHocProfileServiceHandler.
func (s service) Get(ctx context.Context, req *connect.Request[adhocv1.AdHocProfilesGetRequest]) (*connect.Response[adhocv1.AdHocProfilesGetResponse], error) {
	tenant, err := s.h.settings.Tenants.Tenant(req.Header())
	if err != nil {
		return nil, err
	}
	maxNodes, err := s.h.nodes(req.Msg.MaxNodes)
	if err != nil {
		return nil, err
	}
	u, graphs, err := s.h.load(ctx, tenant, req.Msg.GetId())
	if err != nil {
		return nil, err
	}
	return u.answer(graphs, req.Msg.GetProfileType(), maxNodes)
}

// List implements adhocprofilesv1connect.AdHocProfileServiceHandler: the
// latest first.
func (s service) List(ctx context.Context, req *connect.Request[adhocv1.AdHocProfilesListRequest]) (*connect.Response[adhocv1.AdHocProfilesListResponse], error) {
	tenant, err := s.h.settings.Tenants.Tenant(req.Header())
	if err != nil {
		return nil, err
	}
	all, err := s.h.list(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := &adhocv1.AdHocProfilesListResponse{}
	for _, u := range slices.Backward(all) {
		out.Profiles = append(out.Profiles, &adhocv1.AdHocProfilesProfileMetadata{Id: u.id, Name: u.name, UploadedAt: u.at})
	}
	return connect.NewResponse(out), nil
}

// Diff implements adhocprofilesv1connect.AdHocProfileServiceHandler.
func (s service) Diff(ctx context.Context, req *connect.Request[adhocv1.AdHocProfilesDiffRequest]) (*connect.Response[adhocv1.AdHocProfilesDiffResponse], error) {
	tenant, err := s.h.settings.Tenants.Tenant(req.Header())
	if err != nil {
		return nil, err
	}
	maxNodes, err := s.h.nodes(req.Msg.MaxNodes)
	if err != nil {
		return nil, err
	}
	_, left, err := s.h.load(ctx, tenant, req.Msg.GetLeftId())
	if err != nil {
		return nil, err
	}
	_, right, err := s.h.load(ctx, tenant, req.Msg.GetRightId())
	if err != nil {
		return nil, err
	}
	names := common(left, right)
	if len(names) == 0 {
		return nil, invalid("the two files have no sample type in common: one has %q, the other %q", namesOf(left), namesOf(right))
	}
	name := req.Msg.GetProfileType()
	if name == "" {
		name = names[0]
	}
	if !slices.Contains(names, name) {
		return nil, invalid("sample type %q is not in both files, which have %q in common", name, names)
	}
	l, r := named(left, name), named(right, name)
	body, err := json.Marshal(flamebearer.Double(flamegraph.Diff(l.tree, r.tree, maxNodes), l.typ))
	if err != nil {
		return nil, fmt.Errorf("encode the comparison: %w", err)
	}
	return connect.NewResponse(&adhocv1.AdHocProfilesDiffResponse{ProfileTypes: names, FlamebearerProfile: string(body)}), nil
}

// answer shows the graph of the name, the first one if it is "".
func (u *upload) answer(graphs []graph, name string, maxNodes int64) (*connect.Response[adhocv1.AdHocProfilesGetResponse], error) {
	g := &graphs[0]
	if name != "" {
		if g = named(graphs, name); g == nil {
			return nil, invalid("the file has no sample type %q, but %q", name, namesOf(graphs))
		}
	}
	body, err := json.Marshal(flamebearer.Single(g.tree.FlameGraph(maxNodes), g.typ))
	if err != nil {
		return nil, fmt.Errorf("encode the flame graph: %w", err)
	}
	return connect.NewResponse(&adhocv1.AdHocProfilesGetResponse{
		Id: u.id, Name: u.name, UploadedAt: u.at,
		ProfileType: g.name, ProfileTypes: namesOf(graphs), FlamebearerProfile: string(body),
	}), nil
}

// nodes is how many nodes a flame graph may have.
func (h *Handler) nodes(asked *int64) (int64, error) {
	switch {
	case asked == nil || *asked == 0:
		return h.settings.MaxNodesDefault, nil
	case *asked < 0 || *asked > h.settings.MaxNodesMax:
		return 0, invalid("max_nodes is %d, want 1 to %d", *asked, h.settings.MaxNodesMax)
	}
	return *asked, nil
}

func named(graphs []graph, name string) *graph {
	if i := slices.IndexFunc(graphs, func(g graph) bool { return g.name == name }); i >= 0 {
		return &graphs[i]
	}
	return nil
}

func namesOf(graphs []graph) []string {
	var names []string
	for _, g := range graphs {
		if !slices.Contains(names, g.name) {
			names = append(names, g.name)
		}
	}
	return names
}

func common(left, right []graph) []string {
	return slices.DeleteFunc(namesOf(left), func(n string) bool { return named(right, n) == nil })
}

func invalid(format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, args...))
}
