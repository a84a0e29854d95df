package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/attime"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// question is which profiles to show.
type question struct {
	*server
	typ, service, query, from, until string
}

func (c *cli) questionFlags(flags *flag.FlagSet) *question {
	q := &question{server: c.serverFlags(flags)}
	flags.StringVar(&q.typ, "type", "cpu", "profile `type`: its id, or what it measures, as cpu, alloc_space, goroutines")
	flags.StringVar(&q.service, "service", "", "`name` of the service")
	flags.StringVar(&q.query, "query", "", "label `matchers`, as {pod=\"a\",zone=~\"eu.*\"}")
	flags.StringVar(&q.from, "from", "now-1h", "`begin` of the range: now-30m, Unix seconds or milliseconds")
	flags.StringVar(&q.until, "until", "now", "`end` of the range")
	return q
}

// span is a range of time, Unix milliseconds.
type span struct{ from, until int64 }

func parseSpan(from, until string, now time.Time) (span, error) {
	a, err := attime.Parse(from, now)
	if err != nil {
		return span{}, fmt.Errorf("-from %q: %w", from, err)
	}
	b, err := attime.Parse(until, now)
	if err != nil {
		return span{}, fmt.Errorf("-until %q: %w", until, err)
	}
	if !a.Before(b) {
		return span{}, fmt.Errorf("-from %s is not before -until %s", a.Format(time.RFC3339), b.Format(time.RFC3339))
	}
	return span{a.UnixMilli(), b.UnixMilli()}, nil
}

// matchers joins -service and a query.
func matchers(service, query string) string {
	inner := strings.TrimSpace(query)
	inner = strings.TrimSuffix(strings.TrimPrefix(inner, "{"), "}")
	if service != "" {
		own := fmt.Sprintf("service_name=%q", service)
		if inner != "" {
			own += ","
		}
		inner = own + inner
	}
	return "{" + inner + "}"
}

// typeID finds the id of the profile type that -type means.
func (q *question) typeID(ctx context.Context, s span) (string, error) {
	if strings.Count(q.typ, ":") >= 3 {
		return q.typ, nil
	}
	res, err := q.querier().ProfileTypes(ctx, connect.NewRequest(&querierv1.ProfileTypesRequest{Start: s.from, End: s.until}))
	if err != nil {
		return "", q.explain("list profile types", err)
	}
	var found, all []string
	for _, t := range res.Msg.ProfileTypes {
		all = append(all, t.ID)
		if t.SampleType == q.typ {
			found = append(found, t.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return "", errors.New("there are no profiles in this range of time: push some, or look further back with -from")
	case len(found) == 0:
		slices.Sort(all)
		return "", fmt.Errorf("nothing measures %q; there is:\n  %s", q.typ, strings.Join(all, "\n  "))
	}
	return "", fmt.Errorf("%q can be several; say which with -type:\n  %s", q.typ, strings.Join(found, "\n  "))
}

// tree asks for the merged stack traces.
func (q *question) tree(ctx context.Context, typ, query string, s span) (*flamegraph.Tree, error) {
	res, err := q.querier().SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: typ, LabelSelector: query, Start: s.from, End: s.until, Format: querierv1.ProfileFormat_PROFILE_FORMAT_TREE,
	}))
	if err != nil {
		return nil, q.explain("ask for profiles", err)
	}
	tree, err := flamegraph.ParseTree(res.Msg.Tree)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return tree, nil
}
