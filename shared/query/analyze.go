package query

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// AnalyzeQuery implements querierv1connect.QuerierServiceHandler: what a query,
// <profile type>{matchers} or either of them, has to look at. It reads the
// descriptions of blocks alone, so the numbers are those of all blocks that can
// have something of the query, whole; series, whose number they do not tell,
// are counted as services.
func (s *service) AnalyzeQuery(ctx context.Context, req *connect.Request[querierv1.AnalyzeQueryRequest]) (*connect.Response[querierv1.AnalyzeQueryResponse], error) {
	typeID, sel, err := splitQuery(req.Msg.Query)
	if err != nil {
		return nil, err
	}
	q, err := s.h.parseLabelQuery(req.Header(), []string{sel}, req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	wanted := func(profile.Type) bool { return true }
	if typeID != "" {
		typ, err := parseType(typeID)
		if err != nil {
			return nil, err
		}
		wanted = func(t profile.Type) bool { return t == typ }
	}
	found, err := s.h.find(ctx, q.tenants, q.from, q.to)
	if err != nil {
		return nil, err
	}
	accountOf(ctx).look(len(found.blocks))
	scope := &querierv1.QueryScope{ComponentType: "blocks", ComponentCount: 1}
	impact := &querierv1.QueryImpact{}
	services := newStringSet()
	for _, m := range found.blocks {
		impact.TotalBytesInTimeRange += uint64(m.Size)
		if found := q.candidates(m, wanted); len(found) > 0 {
			countBlock(scope, m)
			for _, service := range found {
				services.add(string(m.Tenant) + "/" + service)
			}
		}
	}
	scope.SeriesCount, impact.TotalQueriedSeries = uint64(len(services)), uint64(len(services))
	return connect.NewResponse(&querierv1.AnalyzeQueryResponse{
		QueryScopes: []*querierv1.QueryScope{scope}, QueryImpact: impact,
	}), nil
}

// candidates returns the services of a block that can have series of the query
// of a profile type that is wanted.
func (q *labelQuery) candidates(m *block.Meta, wanted func(profile.Type) bool) []string {
	var out []string
	visitDescribed([]*block.Meta{m}, func(set *engine.LabelSet) {
		if service := set.Pushed.Get(profile.LabelServiceName); wanted(set.Type) && q.maySelect(set) && !slices.Contains(out, service) {
			out = append(out, service)
		}
	})
	return out
}

// maySelect reports whether the labels that the description of a block tells
// of leave room for series of the query.
func (q *labelQuery) maySelect(set *engine.LabelSet) bool {
	for _, sel := range q.selectors {
		for i := range sel {
			if isDescribedLabel(sel[i].Name) && !sel[i].Matches(set.Get(sel[i].Name)) {
				return false
			}
		}
	}
	return true
}

func countBlock(scope *querierv1.QueryScope, m *block.Meta) {
	size := func(sections ...block.Section) (n uint64) {
		for _, s := range sections {
			n += uint64(m.SectionBytes(s))
		}
		return n
	}
	scope.BlockCount++
	scope.ProfileCount += uint64(m.Profiles)
	scope.SampleCount += uint64(m.Samples)
	scope.IndexBytes += size(block.KindsSection, block.SeriesSection)
	scope.ProfileBytes += size(block.ProfilesSection, block.SamplesSection, block.BucketsSection, block.SumsSection)
	scope.SymbolBytes += size(block.FramesSection, block.StacksSection)
}
