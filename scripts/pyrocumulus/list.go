package main

import (
	"context"
	"flag"
	"fmt"
	"slices"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

// rangeFlags are the flags of a range of time alone.
func rangeFlags(flags *flag.FlagSet) (from, until *string) {
	return flags.String("from", "now-24h", "`begin` of the range: now-30m, Unix seconds or milliseconds"),
		flags.String("until", "now", "`end` of the range")
}

func (c *cli) services(ctx context.Context, flags *flag.FlagSet, args []string) error {
	s := c.serverFlags(flags)
	from, until := rangeFlags(flags)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	r, err := parseSpan(*from, *until, c.now())
	if err != nil {
		return err
	}
	res, err := s.querier().Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
		LabelNames: []string{"service_name", "__profile_type__"}, Start: r.from, End: r.until,
	}))
	if err != nil {
		return s.explain("list services", err)
	}
	types := make(map[string][]string)
	for _, set := range res.Msg.LabelsSet {
		var service, typ string
		for _, l := range set.Labels {
			switch l.Name {
			case "service_name":
				service = l.Value
			case "__profile_type__":
				typ = l.Value
			}
		}
		types[service] = append(types[service], typ)
	}
	if *asJSON {
		return c.json(types)
	}
	if len(types) == 0 {
		fmt.Fprintln(c.stderr, "There are no profiles in this range of time; `pyrocumulus push` sends some.")
	}
	for _, service := range sortedKeys(types) {
		slices.Sort(types[service])
		for _, typ := range types[service] {
			fmt.Fprintf(c.stdout, "%s\t%s\n", service, typ)
		}
	}
	return nil
}

func (c *cli) labels(ctx context.Context, flags *flag.FlagSet, args []string) error {
	s := c.serverFlags(flags)
	from, until := rangeFlags(flags)
	query := flags.String("query", "", "label `matchers`")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	r, err := parseSpan(*from, *until, c.now())
	if err != nil {
		return err
	}
	var names []string
	if name := flags.Arg(0); name != "" {
		var res *connect.Response[typesv1.LabelValuesResponse]
		if res, err = s.querier().LabelValues(ctx, connect.NewRequest(&typesv1.LabelValuesRequest{
			Name: name, Matchers: []string{matchers("", *query)}, Start: r.from, End: r.until,
		})); err == nil {
			names = res.Msg.Names
		}
	} else {
		var res *connect.Response[typesv1.LabelNamesResponse]
		if res, err = s.querier().LabelNames(ctx, connect.NewRequest(&typesv1.LabelNamesRequest{
			Matchers: []string{matchers("", *query)}, Start: r.from, End: r.until,
		})); err == nil {
			names = res.Msg.Names
		}
	}
	if err != nil {
		return s.explain("list labels", err)
	}
	if *asJSON {
		return c.json(names)
	}
	for _, n := range names {
		fmt.Fprintln(c.stdout, n)
	}
	return nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
