package query

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ProfileTypes implements querierv1connect.QuerierServiceHandler. It reads no
// objects but of blocks of which not all counts: the types are those of all
// blocks that reach into the time.
func (s *service) ProfileTypes(ctx context.Context, req *connect.Request[querierv1.ProfileTypesRequest]) (*connect.Response[querierv1.ProfileTypesResponse], error) {
	types, err := s.h.profileTypes(ctx, req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&querierv1.ProfileTypesResponse{ProfileTypes: types}), nil
}

func (h *Handler) profileTypes(ctx context.Context, header http.Header, req *querierv1.ProfileTypesRequest) ([]*typesv1.ProfileType, error) {
	tenants, err := h.tenants.Tenants(header)
	if err != nil {
		return nil, err
	}
	r, err := parseTypesRange(req.Start, req.End, h.Now())
	if err != nil {
		return nil, err
	}
	q := &labelQuery{tenants: tenants}
	q.from, q.to = r.nanos()
	found, err := visitSeries(ctx, h, q, []string{profile.LabelProfileType},
		func() map[profile.Type]bool { return make(map[profile.Type]bool) },
		func(seen map[profile.Type]bool, set *engine.LabelSet) { seen[set.Type] = true })
	if err != nil {
		return nil, err
	}
	seen := make(map[profile.Type]bool)
	for _, types := range found {
		maps.Copy(seen, types)
	}
	var out []*typesv1.ProfileType
	for t := range seen {
		out = append(out, clientType(t))
	}
	slices.SortFunc(out, func(a, b *typesv1.ProfileType) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func clientType(t profile.Type) *typesv1.ProfileType {
	return &typesv1.ProfileType{
		ID: t.String(), Name: t.Name,
		SampleType: t.Sample.Type, SampleUnit: t.Sample.Unit,
		PeriodType: t.Period.Type, PeriodUnit: t.Period.Unit,
	}
}
