package query

import (
	"context"
	"math"

	"connectrpc.com/connect"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// GetProfileStats implements querierv1connect.QuerierServiceHandler, by which
// Profiles Drilldown decides whether to greet a newcomer. It answers from the
// rows of the index alone, so from the first segment on.
func (s *service) GetProfileStats(ctx context.Context, req *connect.Request[typesv1.GetProfileStatsRequest]) (*connect.Response[typesv1.GetProfileStatsResponse], error) {
	tenants, err := s.h.tenants.Tenants(req.Header())
	if err != nil {
		return nil, err
	}
	if len(tenants) > 1 {
		return nil, invalid("%w", profile.ErrMultipleTenants)
	}
	telemetry.SetTenant(ctx, string(tenants[0]))
	rows, err := s.h.rows(ctx, tenants[0], 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return connect.NewResponse(&typesv1.GetProfileStatsResponse{}), nil
	}
	first, last := rows[0].MinTime, rows[0].MaxTime
	for i := range rows {
		first, last = min(first, rows[i].MinTime), max(last, rows[i].MaxTime)
	}
	return connect.NewResponse(&typesv1.GetProfileStatsResponse{
		DataIngested: true, OldestProfileTime: first / nanosPerMilli, NewestProfileTime: last / nanosPerMilli,
	}), nil
}
