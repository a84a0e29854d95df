// Package question is which profiles a command shows: by service, type, labels
// and time, as flags say.
package question

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/client"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/shared/attime"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// Question is which profiles to show.
type Question struct {
	*client.Server
	Range
	Type, Service, Query string
	Now                  func() time.Time // the same time always: that of the first call
}

// Flags adds the flags of a question.
func Flags(env *command.Env, flags *flag.FlagSet) *Question {
	q := &Question{Server: client.Flags(env, flags), Now: sync.OnceValue(env.Now)}
	flags.StringVar(&q.Type, "type", "cpu", "profile `type`: its id, or what it measures, as cpu, alloc_space, goroutines")
	flags.StringVar(&q.Service, "service", "", "`name` of the service")
	flags.StringVar(&q.Query, "query", "", "label `matchers`, as {pod=\"a\",zone=~\"eu.*\"}")
	q.Range.register(flags, "now-1h")
	return q
}

// Range is a range of time as flags say it.
type Range struct{ From, Until string }

// RangeFlags adds the flags of a range of time alone.
func RangeFlags(flags *flag.FlagSet) *Range {
	r := &Range{}
	r.register(flags, "now-24h")
	return r
}

func (r *Range) register(flags *flag.FlagSet, from string) {
	flags.StringVar(&r.From, "from", from, "`begin` of the range: now-30m, Unix seconds or milliseconds")
	flags.StringVar(&r.Until, "until", "now", "`end` of the range")
}

// Span is a range of time, Unix milliseconds.
type Span struct{ From, Until int64 }

// Span reads the range.
func (r *Range) Span(now time.Time) (Span, error) {
	a, err := attime.Parse(r.From, now)
	if err != nil {
		return Span{}, command.Usagef("-from %q: %w; say now-30m, or Unix seconds", r.From, err)
	}
	b, err := attime.Parse(r.Until, now)
	if err != nil {
		return Span{}, command.Usagef("-until %q: %w; say now-30m, or Unix seconds", r.Until, err)
	}
	if !a.Before(b) {
		return Span{}, command.Usagef("-from %s is not before -until %s", a.Format(time.RFC3339), b.Format(time.RFC3339))
	}
	return Span{a.UnixMilli(), b.UnixMilli()}, nil
}

// Matchers joins the name of a service and a query.
func Matchers(service, query string) string {
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

// Plain is a question whose time is read and whose type is found.
type Plain struct {
	Type  string
	Query string // all label matchers
	Span  Span
}

// Plain reads the flags, and asks the server which profile type is meant.
func (q *Question) Plain(ctx context.Context) (Plain, error) {
	s, err := q.Span(q.Now())
	if err != nil {
		return Plain{}, err
	}
	query := Matchers(q.Service, q.Query)
	typ, err := q.typeID(ctx, query, s)
	return Plain{typ, query, s}, err
}

// Unit is the unit of the values.
func (p Plain) Unit() string {
	parts := strings.Split(p.Type, ":")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// typeID finds the id of the profile type that -type means: one that the
// profiles have that the label matchers select.
func (q *Question) typeID(ctx context.Context, query string, s Span) (string, error) {
	if strings.Count(q.Type, ":") >= 3 {
		return q.Type, nil
	}
	all, err := q.types(ctx, query, s)
	if err != nil {
		return "", q.Explain("list profile types", err)
	}
	found := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return sampleType(id) != q.Type })
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0 && query == "{}":
		return "", errors.New("there are no profiles in this range of time: push some, or look further back with -from")
	case len(all) == 0:
		return "", fmt.Errorf("no profile matches %s in this range of time: look further back with -from; `pyrocumulus services` lists what there is", query)
	case len(found) == 0:
		return "", fmt.Errorf("nothing measures %q; there is:\n  %s", q.Type, strings.Join(all, "\n  "))
	}
	return "", fmt.Errorf("%q can be several; say which with -type:\n  %s", q.Type, strings.Join(found, "\n  "))
}

// types lists the ids of the profile types of what matches, sorted.
func (q *Question) types(ctx context.Context, query string, s Span) ([]string, error) {
	const label = "__profile_type__"
	res, err := q.Querier().Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
		Matchers: []string{query}, LabelNames: []string{label}, Start: s.From, End: s.Until,
	}))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, set := range res.Msg.LabelsSet {
		for _, l := range set.Labels {
			if l.Name == label {
				all = append(all, l.Value)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// sampleType is what a profile type measures.
func sampleType(id string) string {
	_, rest, _ := strings.Cut(id, ":")
	name, _, _ := strings.Cut(rest, ":")
	return name
}

// Merged asks for merged profiles in a format.
func (q *Question) Merged(ctx context.Context, p Plain, format querierv1.ProfileFormat) (*querierv1.SelectMergeStacktracesResponse, error) {
	res, err := q.Querier().SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: p.Type, LabelSelector: p.Query, Start: p.Span.From, End: p.Span.Until, Format: format,
	}))
	if err != nil {
		return nil, q.Explain("ask for profiles", err)
	}
	return res.Msg, nil
}

// Tree asks for the merged stack traces.
func (q *Question) Tree(ctx context.Context, p Plain) (*flamegraph.Tree, error) {
	res, err := q.Merged(ctx, p, querierv1.ProfileFormat_PROFILE_FORMAT_TREE)
	if err != nil {
		return nil, err
	}
	tree, err := flamegraph.ParseTree(res.Tree)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return tree, nil
}

// Nothing is the error of a question that no profile answers.
func Nothing(p Plain) error {
	at := func(milli int64) string { return time.UnixMilli(milli).UTC().Format(time.RFC3339) }
	return fmt.Errorf("no profile of %s matches %s between %s and %s; `pyrocumulus services` lists what there is",
		p.Type, p.Query, at(p.Span.From), at(p.Span.Until))
}
