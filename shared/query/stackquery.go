package query

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"strconv"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// stackQuery is a request for stack traces.
type stackQuery struct {
	tenants []profile.TenantID
	times   timeRange
	query   engine.Query
	// maxNodes is what the client asked for, 0 if it did not say.
	maxNodes int64
	// pgo asks for what the Go compiler wants of a pprof; nil if it is not
	// asked for.
	pgo *typesv1.GoPGO
	// ready is the report if it was made before; nil: it is to be made.
	ready *engine.Report
}

// parseStackQuery reads a request for stack traces, of which that of
// SelectMergeStacktraces is the most general. A nil request is an empty one.
func (h *Handler) parseStackQuery(header http.Header, req *querierv1.SelectMergeStacktracesRequest) (*stackQuery, error) {
	tenants, err := h.tenants.Tenants(header)
	if err != nil {
		return nil, err
	}
	q := &stackQuery{tenants: tenants}
	if q.times, err = parseRange(req.GetStart(), req.GetEnd()); err != nil {
		return nil, err
	}
	q.query.From, q.query.To = q.times.nanos()
	if q.query.Type, err = parseType(req.GetProfileTypeID()); err != nil {
		return nil, err
	}
	if q.query.Selector, err = parseSelector(req.GetLabelSelector()); err != nil {
		return nil, err
	}
	if q.maxNodes, err = h.parseMaxNodes(req.GetMaxNodes()); err != nil {
		return nil, err
	}
	if len(req.GetSpanSelector()) > 0 && len(req.GetTraceIdSelector()) > 0 {
		return nil, invalid("span_selector and trace_id_selector exclude each other")
	}
	if q.query.Spans, err = parseSpans(req.GetSpanSelector()); err != nil {
		return nil, err
	}
	if q.query.Traces, err = parseTraces(req.GetTraceIdSelector()); err != nil {
		return nil, err
	}
	if q.query.Profiles, err = parseProfileIDs(req.GetProfileIdSelector()); err != nil {
		return nil, err
	}
	q.selectStacks(req.GetStackTraceSelector())
	return q, nil
}

// selectStacks reads which stack traces are asked for. As the API says, go_pgo
// makes the call site count for nothing.
func (q *stackQuery) selectStacks(s *typesv1.StackTraceSelector) {
	if q.pgo = s.GetGoPgo(); q.pgo != nil {
		return
	}
	for _, l := range s.GetCallSite() {
		q.query.CallSite = append(q.query.CallSite, l.GetName())
	}
}

func parseType(id string) (profile.Type, error) {
	t, err := profile.ParseType(id)
	if err != nil {
		return t, invalid("%w", err)
	}
	return t, nil
}

// parseMaxNodes checks the number of nodes that a client asks for; 0 is to say
// nothing.
func (h *Handler) parseMaxNodes(n int64) (int64, error) {
	if n < 0 {
		return 0, invalid("max_nodes must not be negative, got %d", n)
	}
	if n > h.settings.MaxNodesMax {
		return 0, invalid("max_nodes of %d exceeds the limit of %d", n, h.settings.MaxNodesMax)
	}
	return n, nil
}

// flameNodes is how many nodes a flame graph may have for this query.
func (h *Handler) flameNodes(maxNodes int64) int64 {
	if maxNodes == 0 {
		return h.settings.MaxNodesDefault
	}
	return maxNodes
}

// parseSpans reads span ids. Grafana sends what it could not fill in, such as
// "${__span.tags[...]}", as it is; that must not look like a failure of ours.
// An id of zeros is none: samples outside of spans would bear it.
func parseSpans(ids []string) (map[uint64]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	spans := make(map[uint64]bool, len(ids))
	for _, s := range ids {
		id, err := strconv.ParseUint(s, 16, 64)
		if err != nil || !isHex(s, 16) || id == 0 {
			return nil, invalid("invalid span id %q: must be 16 hexadecimal digits, not all 0", s)
		}
		spans[id] = true
	}
	return spans, nil
}

func isHex(s string, digits int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == digits
}

// parseTraces reads trace ids, as parseSpans does span ids.
func parseTraces(ids []string) (map[engine.TraceID]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	traces := make(map[engine.TraceID]bool, len(ids))
	for _, s := range ids {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != 16 || [16]byte(b) == [16]byte{} {
			return nil, invalid("invalid trace id %q: must be 32 hexadecimal digits, not all 0", s)
		}
		traces[engine.TraceID{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}] = true
	}
	return traces, nil
}

// parseProfileIDs reads the ids of stored profiles.
func parseProfileIDs(ids []string) (map[profile.ID]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	profiles := make(map[profile.ID]bool, len(ids))
	for _, s := range ids {
		id, err := profile.ParseID(s)
		if err != nil {
			return nil, invalid("invalid profile id: %w", err)
		}
		profiles[id] = true
	}
	return profiles, nil
}
