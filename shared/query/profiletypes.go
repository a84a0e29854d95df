package query

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ProfileTypes implements querierv1connect.QuerierServiceHandler. It reads no
// objects: the types are those of all blocks that reach into the time.
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
	from, to := r.nanos()
	found, err := h.find(ctx, tenants, from, to)
	if err != nil {
		return nil, err
	}
	accountOf(ctx).look(len(found.blocks))
	seen := make(map[profile.Type]bool)
	var out []*typesv1.ProfileType
	for _, m := range found.blocks {
		for i := range m.Kinds {
			for v := range m.Kinds[i].Samples {
				if t := m.Kinds[i].Type(v); !seen[t] {
					seen[t] = true
					out = append(out, clientType(t))
				}
			}
		}
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
