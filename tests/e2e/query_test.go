package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

const (
	pollInterval = 50 * time.Millisecond
	// visibleTime is how long an answer is waited for, many times what it takes
	// on an idle machine.
	visibleTime = 20 * time.Second
)

// asking is what the commands that ask have in common.
type asking struct {
	*call
	want, has string // files
	from, to  *time.Time
	within    time.Duration
	client    querierv1connect.QuerierServiceClient
}

// ask parses the flags; the first of at least least arguments is the tenant.
func (c *call) ask(least int) *asking {
	a := &asking{call: c, from: c.at("from", -time.Hour), to: c.at("to", time.Hour)}
	c.flags.StringVar(&a.want, "want", "", "")
	c.flags.StringVar(&a.has, "has", "", "")
	c.flags.DurationVar(&a.within, "within", visibleTime, "")
	c.parse(least)
	a.client = querier(c.url(), c.args[0])
	return a
}

// querier speaks to the host as Grafana does.
func querier(url, tenant string) querierv1connect.QuerierServiceClient {
	return querierv1connect.NewQuerierServiceClient(http.DefaultClient, url,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
				setTenant(r.Header(), tenant)
				r.Header().Set("Accept", "*/*; allow-utf8-labelnames=true")
				return next(ctx, r)
			}
		})))
}

// answer asks until the answer is as the command wants it, and prints it.
func (a *asking) answer(ask func(context.Context) ([]string, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), a.within)
	defer cancel()
	accept := a.accept()
	var last []string
	for {
		got, err := ask(ctx)
		switch {
		case a.neg && err != nil:
			fmt.Fprintln(a.ts.Stderr(), err)
			return
		case a.neg && len(got) == 0:
			fmt.Fprintln(a.ts.Stderr(), "nothing found")
			return
		case a.neg:
			a.ts.Fatalf("there is an answer:\n%s", strings.Join(got, "\n"))
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			a.ts.Fatalf("ask: %v", err)
		case err == nil:
			last = got
		}
		complaint := accept(last)
		if complaint == "" {
			for _, line := range last {
				fmt.Fprintln(a.ts.Stdout(), line)
			}
			return
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			a.ts.Fatalf("%s; the last answer is:\n%s", complaint, strings.Join(last, "\n"))
		}
	}
}

// accept returns what tells of an answer why it is not the one that is wanted.
func (a *asking) accept() func(got []string) string {
	switch {
	case a.want != "":
		want := lines(string(a.file(a.want)))
		return func(got []string) string {
			if !slices.Equal(got, want) {
				return "the answer does not become " + a.want
			}
			return ""
		}
	case a.has != "":
		want := lines(string(a.file(a.has)))
		return func(got []string) string {
			there := make(map[string]bool)
			for _, line := range got {
				there[line] = true
			}
			for _, line := range want {
				if !there[line] {
					return fmt.Sprintf("the answer does not get the line %q of %s", line, a.has)
				}
			}
			return ""
		}
	default:
		return func(got []string) string {
			if len(got) == 0 {
				return "there is no answer"
			}
			return ""
		}
	}
}

// typeID is the id of a profile type or what stands for one.
func typeID(name string) string {
	switch name {
	case "cpu":
		return "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
	case "mem":
		return "memory:inuse_space:bytes:space:bytes"
	case "goroutine":
		return "goroutine:goroutine:count:goroutine:count"
	}
	return name
}

// stacks is a request for a flame graph.
func (a *asking) stacks(selector, profileType string) *querierv1.SelectMergeStacktracesRequest {
	return &querierv1.SelectMergeStacktracesRequest{
		LabelSelector: selector, ProfileTypeID: typeID(profileType), Start: a.from.UnixMilli(), End: a.to.UnixMilli(),
	}
}

// query prints a flame graph.
func (c *call) query() {
	a := c.ask(3)
	a.answer(func(ctx context.Context) ([]string, error) {
		r, err := a.client.SelectMergeStacktraces(ctx, connect.NewRequest(a.stacks(a.args[1], a.args[2])))
		if err != nil {
			return nil, err
		}
		return fold(r.Msg.Flamegraph.GetNames(), r.Msg.Flamegraph.GetLevels(), 1)
	})
}

// diff prints two flame graphs.
func (c *call) diff() {
	a := c.ask(4)
	a.answer(func(ctx context.Context) ([]string, error) {
		r, err := a.client.Diff(ctx, connect.NewRequest(&querierv1.DiffRequest{
			Left: a.stacks(a.args[1], a.args[3]), Right: a.stacks(a.args[2], a.args[3]),
		}))
		if err != nil {
			return nil, err
		}
		return fold(r.Msg.Flamegraph.GetNames(), r.Msg.Flamegraph.GetLevels(), 2)
	})
}

// points prints sums over time, as times relative to the present and values.
func (c *call) points() {
	step := c.flags.Float64("step", 15, "")
	a := c.ask(3)
	a.answer(func(ctx context.Context) ([]string, error) {
		r, err := a.client.SelectSeries(ctx, connect.NewRequest(&querierv1.SelectSeriesRequest{
			LabelSelector: a.args[1], ProfileTypeID: typeID(a.args[2]),
			Start: a.from.UnixMilli(), End: a.to.UnixMilli(), Step: *step,
		}))
		if err != nil {
			return nil, err
		}
		var out []string
		for _, s := range r.Msg.Series {
			for _, p := range s.Points {
				offset := time.UnixMilli(p.Timestamp).Sub(a.now)
				out = append(out, offset.String()+" "+strconv.FormatFloat(p.Value, 'g', -1, 64))
			}
		}
		return out, nil
	})
}

// types prints profile types.
func (c *call) types() {
	a := c.ask(1)
	a.answer(func(ctx context.Context) ([]string, error) {
		return profileTypes(ctx, a.client, *a.from, *a.to)
	})
}

func profileTypes(ctx context.Context, client querierv1connect.QuerierServiceClient, from, to time.Time) ([]string, error) {
	r, err := client.ProfileTypes(ctx, connect.NewRequest(&querierv1.ProfileTypesRequest{
		Start: from.UnixMilli(), End: to.UnixMilli(),
	}))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range r.Msg.ProfileTypes {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

// labels prints the names of labels, or the values of one.
func (c *call) labels() {
	a := c.ask(2)
	a.answer(func(ctx context.Context) ([]string, error) {
		if len(a.args) == 2 {
			r, err := a.client.LabelNames(ctx, connect.NewRequest(&typesv1.LabelNamesRequest{
				Matchers: []string{a.args[1]}, Start: a.from.UnixMilli(), End: a.to.UnixMilli(),
			}))
			if err != nil {
				return nil, err
			}
			return r.Msg.Names, nil
		}
		r, err := a.client.LabelValues(ctx, connect.NewRequest(&typesv1.LabelValuesRequest{
			Name: a.args[2], Matchers: []string{a.args[1]}, Start: a.from.UnixMilli(), End: a.to.UnixMilli(),
		}))
		if err != nil {
			return nil, err
		}
		return r.Msg.Names, nil
	})
}

// series prints series, each a line as in "a=1 b=2".
func (c *call) series() {
	a := c.ask(2)
	a.answer(func(ctx context.Context) ([]string, error) {
		r, err := a.client.Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
			Matchers: []string{a.args[1]}, LabelNames: a.args[2:], Start: a.from.UnixMilli(), End: a.to.UnixMilli(),
		}))
		if err != nil {
			return nil, err
		}
		var out []string
		for _, set := range r.Msg.LabelsSet {
			var words []string
			for _, l := range set.Labels {
				words = append(words, l.Name+"="+l.Value)
			}
			out = append(out, strings.Join(words, " "))
		}
		slices.Sort(out)
		return out, nil
	})
}
