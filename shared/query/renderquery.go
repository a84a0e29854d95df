package query

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/attime"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// parseSide reads a query of the older interface from its parameters: one of
// these names for the query itself, and the ends of its time.
func (h *Handler) parseSide(r *http.Request, values url.Values, query, from, until string) (*stackQuery, error) {
	if strings.TrimSpace(values.Get(query)) == "" {
		return nil, invalid("parameter %s is missing: must be of the form <profile type>{<matchers>}", query)
	}
	typeID, sel, err := splitQuery(values.Get(query))
	if err != nil {
		return nil, err
	}
	times, err := parseTimes(values, from, until, h.Now())
	if err != nil {
		return nil, err
	}
	nodes, err := parseNodes(values)
	if err != nil {
		return nil, err
	}
	return h.parseStackQuery(r.Header, &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: typeID, LabelSelector: sel, Start: times.start, End: times.end, MaxNodes: &nodes,
	})
}

// splitQuery divides <profile type>{matchers}. A selector alone may name the
// profile type by __profile_type__.
func splitQuery(s string) (typeID, sel string, err error) {
	s = strings.TrimSpace(s)
	if at := strings.IndexByte(s, '{'); at > 0 {
		return strings.TrimSpace(s[:at]), s[at:], nil
	} else if at < 0 {
		return s, "{}", nil
	}
	parsed, err := parseSelector(s)
	if err != nil {
		return "", "", err
	}
	if types, _ := parsed.Values(profile.LabelProfileType); len(types) == 1 {
		typeID = types[0]
	}
	return typeID, s, nil
}

// parseTimes reads two points in time, the last hour if they are missing.
func parseTimes(values url.Values, from, until string, now time.Time) (r timeRange, err error) {
	end, err := parseTime(values, until, now, now)
	if err != nil {
		return r, err
	}
	start, err := parseTime(values, from, end.Add(-time.Hour), now)
	return timeRange{start.UnixMilli(), end.UnixMilli()}, err
}

func parseTime(values url.Values, name string, missing, now time.Time) (time.Time, error) {
	s := values.Get(name)
	if s == "" {
		return missing, nil
	}
	t, err := attime.Parse(s, now)
	if err != nil {
		return t, invalid("parameter %s: %w", name, err)
	}
	return t, nil
}

// parseNodes reads the bound of a flame graph, which has two names; 0 is none.
func parseNodes(values url.Values) (int64, error) {
	for _, name := range []string{"max-nodes", "maxNodes"} {
		if s := values.Get(name); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return 0, invalid("parameter %s: %q is not a number", name, s)
			}
			return n, nil
		}
	}
	return 0, nil
}
