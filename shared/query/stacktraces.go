package query

import (
	"context"

	"connectrpc.com/connect"

	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// SelectMergeStacktraces implements querierv1connect.QuerierServiceHandler. A
// format that is not known is a flame graph, as with Pyroscope.
func (s *service) SelectMergeStacktraces(ctx context.Context, req *connect.Request[querierv1.SelectMergeStacktracesRequest]) (*connect.Response[querierv1.SelectMergeStacktracesResponse], error) {
	if res, done, err := s.h.async(ctx, req); done {
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(res), nil
	}
	q, err := s.h.parseStackQuery(req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	res, err := s.h.selectStacktraces(ctx, q, req.Msg.Format)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(res), nil
}

func (h *Handler) selectStacktraces(ctx context.Context, q *stackQuery, format querierv1.ProfileFormat) (res *querierv1.SelectMergeStacktracesResponse, err error) {
	res = &querierv1.SelectMergeStacktracesResponse{}
	switch format {
	case querierv1.ProfileFormat_PROFILE_FORMAT_PPROF:
		p, err := h.mergeProfile(ctx, q)
		if err != nil {
			return nil, err
		}
		res.Pprof = &querierv1.PprofProfile{Profile: p}
	case querierv1.ProfileFormat_PROFILE_FORMAT_DOT:
		res.Dot, err = h.dot(ctx, q)
	default:
		res.Flamegraph, res.Tree, err = h.flame(ctx, q, format)
	}
	return res, err
}

// wants returns the report from which a format is rendered, or why it cannot be.
func (q *stackQuery) wants(format querierv1.ProfileFormat) (engine.Want, error) {
	if format == querierv1.ProfileFormat_PROFILE_FORMAT_PPROF {
		return engine.WantMerged, nil
	}
	return engine.WantTree, q.refusePGO()
}

// refusePGO refuses what is for merged profiles only.
func (q *stackQuery) refusePGO() error {
	if q.pgo != nil {
		return invalid("stack_trace_selector.go_pgo is for the format PPROF")
	}
	return nil
}

// SelectMergeSpanProfile implements querierv1connect.QuerierServiceHandler: the
// older name of SelectMergeStacktraces with spans.
func (s *service) SelectMergeSpanProfile(ctx context.Context, req *connect.Request[querierv1.SelectMergeSpanProfileRequest]) (*connect.Response[querierv1.SelectMergeSpanProfileResponse], error) {
	m := req.Msg
	q, err := s.h.parseStackQuery(req.Header(), &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: m.ProfileTypeID, LabelSelector: m.LabelSelector, SpanSelector: m.SpanSelector,
		Start: m.Start, End: m.End, MaxNodes: m.MaxNodes,
	})
	if err != nil {
		return nil, err
	}
	res := &querierv1.SelectMergeSpanProfileResponse{}
	if res.Flamegraph, res.Tree, err = s.h.flame(ctx, q, m.Format); err != nil {
		return nil, err
	}
	return connect.NewResponse(res), nil
}

// SelectMergeProfile implements querierv1connect.QuerierServiceHandler: the
// older name of SelectMergeStacktraces in the format PPROF.
func (s *service) SelectMergeProfile(ctx context.Context, req *connect.Request[querierv1.SelectMergeProfileRequest]) (*connect.Response[googlev1.Profile], error) {
	m := req.Msg
	q, err := s.h.parseStackQuery(req.Header(), &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: m.ProfileTypeID, LabelSelector: m.LabelSelector, Start: m.Start, End: m.End, MaxNodes: m.MaxNodes,
		StackTraceSelector: m.StackTraceSelector, ProfileIdSelector: m.ProfileIdSelector, TraceIdSelector: m.TraceIdSelector,
	})
	if err != nil {
		return nil, err
	}
	p, err := s.h.mergeProfile(ctx, q)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(p), nil
}

// Diff implements querierv1connect.QuerierServiceHandler. The formats of the
// two requests do not count; the larger max_nodes of the two does.
func (s *service) Diff(ctx context.Context, req *connect.Request[querierv1.DiffRequest]) (*connect.Response[querierv1.DiffResponse], error) {
	var queries [2]*stackQuery
	for i, side := range []*querierv1.SelectMergeStacktracesRequest{req.Msg.Left, req.Msg.Right} {
		q, err := s.h.parseStackQuery(req.Header(), side)
		if err != nil {
			return nil, err
		}
		queries[i] = q
	}
	trees, err := s.h.trees(ctx, queries[0], queries[1])
	if err != nil {
		return nil, err
	}
	nodes := s.h.flameNodes(max(queries[0].maxNodes, queries[1].maxNodes))
	return connect.NewResponse(&querierv1.DiffResponse{Flamegraph: flamegraph.Diff(trees[0], trees[1], nodes)}), nil
}

// flame returns a flame graph, or tree bytes if that is the format. Clients
// crash without a flame graph, so there is one even when there are no data.
func (h *Handler) flame(ctx context.Context, q *stackQuery, format querierv1.ProfileFormat) (*querierv1.FlameGraph, []byte, error) {
	tree, err := h.tree(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	nodes := h.flameNodes(q.maxNodes)
	if format == querierv1.ProfileFormat_PROFILE_FORMAT_TREE {
		return nil, tree.AppendTree(nil, nodes), nil
	}
	return tree.FlameGraph(nodes), nil, nil
}

// trees answers two queries.
func (h *Handler) trees(ctx context.Context, left, right *stackQuery) (out [2]*flamegraph.Tree, err error) {
	for i, q := range []*stackQuery{left, right} {
		if out[i], err = h.tree(ctx, q); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (h *Handler) tree(ctx context.Context, q *stackQuery) (*flamegraph.Tree, error) {
	if err := q.refusePGO(); err != nil {
		return nil, err
	}
	report, err := h.stacks(ctx, engine.WantTree, q)
	if err != nil {
		return nil, err
	}
	return report.Tree, nil
}

func (h *Handler) stacks(ctx context.Context, want engine.Want, q *stackQuery) (*engine.Report, error) {
	if q.ready != nil {
		return q.ready, nil
	}
	found, err := h.find(ctx, q.tenants, q.query.From, q.query.To)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, found, engine.Task{Want: want, Query: q.query}, nil)
}

// mergeProfile returns the sum of profiles as a pprof. It is cut to max_nodes
// only if the client asks for it.
func (h *Handler) mergeProfile(ctx context.Context, q *stackQuery) (*googlev1.Profile, error) {
	report, err := h.stacks(ctx, engine.WantMerged, q)
	if err != nil {
		return nil, err
	}
	if q.pgo != nil {
		forPGO(report.Merged, q.pgo)
	}
	return renderPprof(report.Merged, q), nil
}
