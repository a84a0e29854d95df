package query

import (
	"context"
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
	tenants, err := s.h.tenants.Tenants(req.Header())
	if err != nil {
		return nil, err
	}
	r, err := parseTypesRange(req.Msg.Start, req.Msg.End, s.h.Now())
	if err != nil {
		return nil, err
	}
	from, to := r.nanos()
	blocks, err := s.h.blocks(ctx, tenants, from, to)
	if err != nil {
		return nil, err
	}
	seen := make(map[profile.Type]bool)
	res := &querierv1.ProfileTypesResponse{}
	for _, m := range blocks {
		for i := range m.Kinds {
			for v := range m.Kinds[i].Samples {
				if t := m.Kinds[i].Type(v); !seen[t] {
					seen[t] = true
					res.ProfileTypes = append(res.ProfileTypes, clientType(t))
				}
			}
		}
	}
	slices.SortFunc(res.ProfileTypes, func(a, b *typesv1.ProfileType) int { return strings.Compare(a.ID, b.ID) })
	return connect.NewResponse(res), nil
}

func clientType(t profile.Type) *typesv1.ProfileType {
	return &typesv1.ProfileType{
		ID: t.String(), Name: t.Name,
		SampleType: t.Sample.Type, SampleUnit: t.Sample.Unit,
		PeriodType: t.Period.Type, PeriodUnit: t.Period.Unit,
	}
}
