package query

import (
	"context"
	"math"

	"connectrpc.com/connect"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
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
	bound, err := s.h.boundOf(ctx, tenants[0])
	if err != nil {
		return nil, err
	}
	rows, err := s.h.rows(ctx, tenants[0], bound.Earliest(), math.MaxInt64)
	if err != nil {
		return nil, err
	}
	first, last := int64(math.MaxInt64), int64(-1)
	for i := range rows {
		from, any, err := counting(&rows[i], bound)
		if err != nil {
			return nil, err
		}
		if any {
			first, last = min(first, from), max(last, rows[i].MaxTime)
		}
	}
	if last < 0 {
		return connect.NewResponse(&typesv1.GetProfileStatsResponse{}), nil
	}
	return connect.NewResponse(&typesv1.GetProfileStatsResponse{
		DataIngested: true, OldestProfileTime: first / nanosPerMilli, NewestProfileTime: last / nanosPerMilli,
	}), nil
}

// counting returns the time from which on something of a block may count, and
// whether anything does. Rows are described only if services differ in that.
func counting(row *blockindex.Row, b block.Bound) (from int64, any bool, err error) {
	if len(b.Services) == 0 {
		return max(row.MinTime, b.Rest), row.MaxTime >= b.Rest, nil
	}
	m, err := describe(row.Tenant, row)
	if err != nil {
		return 0, false, err
	}
	if m = m.Counting(b); m == nil {
		return 0, false, nil
	}
	from = math.MaxInt64
	for _, d := range m.Datasets {
		from = min(from, max(m.Volumes[d.Volume].MinTime, b.Of(d.Service)))
	}
	return from, true, nil
}
