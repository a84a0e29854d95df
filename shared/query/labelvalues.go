package query

import (
	"net/http"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelValues answers /pyroscope/label-values, which lists profile types and
// nothing else: those of the last hour, or of the time that is given.
func (h *Handler) labelValues(r *http.Request) (*document, error) {
	values := r.URL.Query()
	if label := values.Get("label"); label != profile.LabelName {
		return nil, invalid("parameter label: only %s is supported, got %q; use querier.v1.QuerierService/LabelValues", profile.LabelName, label)
	}
	times, err := parseTimes(values, "from", "until", h.Now())
	if err != nil {
		return nil, err
	}
	types, err := h.profileTypes(r.Context(), r.Header, &querierv1.ProfileTypesRequest{Start: times.start, End: times.end})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(types))
	for i, t := range types {
		ids[i] = t.ID
	}
	return jsonDocument(ids)
}
