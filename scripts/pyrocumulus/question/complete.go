package question

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/client"
)

// completed is how far back values for completion are looked for.
const completed = 24 * time.Hour

// Complete lists the values of flags that the server knows.
func (q *Question) Complete(ctx context.Context, name string, _ []string) []string {
	now := q.Now()
	switch name {
	case "service":
		return LabelValues(ctx, q.Server, "service_name", now)
	case "type":
		ids, err := q.types(ctx, Matchers(q.Service, ""), Span{now.Add(-completed).UnixMilli(), now.UnixMilli()})
		if err != nil {
			return nil
		}
		var out []string
		for _, id := range ids {
			out = append(out, sampleType(id), id)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return nil
}

// LabelValues lists the values of a label, for completion: an error is nothing.
func LabelValues(ctx context.Context, s *client.Server, name string, now time.Time) []string {
	res, err := s.Querier().LabelValues(ctx, connect.NewRequest(&typesv1.LabelValuesRequest{
		Name: name, Matchers: []string{"{}"}, Start: now.Add(-completed).UnixMilli(), End: now.UnixMilli(),
	}))
	if err != nil {
		return nil
	}
	return res.Msg.Names
}

// LabelNames lists the names of labels, for completion.
func LabelNames(ctx context.Context, s *client.Server, now time.Time) []string {
	res, err := s.Querier().LabelNames(ctx, connect.NewRequest(&typesv1.LabelNamesRequest{
		Matchers: []string{"{}"}, Start: now.Add(-completed).UnixMilli(), End: now.UnixMilli(),
	}))
	if err != nil {
		return nil
	}
	return res.Msg.Names
}
