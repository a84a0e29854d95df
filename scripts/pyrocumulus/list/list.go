// Package list is the commands that list what there are profiles of.
package list

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/client"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
)

// Services lists services and their profile types.
func Services() *command.Command {
	return &command.Command{
		Name: "services", Short: "list the services and their profile types",
		Long:     "To delete a service, or say how long its profiles are kept: pyrocumulus help retention.",
		Examples: []string{"services", "services -from now-7d -json"},
		JSON:     `[{"service": "shop", "types": ["process_cpu:cpu:nanoseconds:cpu:nanoseconds"]}]`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s, r, asJSON := client.Flags(env, flags), question.RangeFlags(flags), command.JSONFlag(flags)
			return command.Action{Run: func(ctx context.Context, args []string) error {
				if len(args) > 0 && slices.Contains([]string{"delete", "keep", "unkeep", "list"}, args[0]) {
					return command.Usagef("services only lists services; to %s see `pyrocumulus help retention`", args[0])
				}
				if err := command.NoArgs(args); err != nil {
					return err
				}
				all, err := services(ctx, env, s, r)
				switch {
				case err != nil:
					return err
				case *asJSON:
					return env.JSON(all)
				case len(all) == 0:
					fmt.Fprintln(env.Stderr, "There are no profiles in this range of time; `pyrocumulus push` sends some.")
				}
				for _, one := range all {
					for _, typ := range one.Types {
						fmt.Fprintf(env.Stdout, "%s\t%s\n", one.Service, typ)
					}
				}
				return nil
			}}
		},
	}
}

// service is what there is of a service.
type service struct {
	Service string   `json:"service"`
	Types   []string `json:"types"`
}

func services(ctx context.Context, env *command.Env, s *client.Server, r *question.Range) ([]service, error) {
	span, err := r.Span(env.Now())
	if err != nil {
		return nil, err
	}
	res, err := s.Querier().Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
		LabelNames: []string{"service_name", "__profile_type__"}, Start: span.From, End: span.Until,
	}))
	if err != nil {
		return nil, s.Explain("list services", err)
	}
	types := make(map[string][]string)
	for _, set := range res.Msg.LabelsSet {
		var name, typ string
		for _, l := range set.Labels {
			switch l.Name {
			case "service_name":
				name = l.Value
			case "__profile_type__":
				typ = l.Value
			}
		}
		types[name] = append(types[name], typ)
	}
	all := make([]service, 0, len(types))
	for name, of := range types {
		slices.Sort(of)
		all = append(all, service{name, of})
	}
	slices.SortFunc(all, func(a, b service) int { return strings.Compare(a.Service, b.Service) })
	return all, nil
}

// Labels lists the names of labels, or the values of one.
func Labels() *command.Command {
	return &command.Command{
		Name: "labels", Args: "[NAME]", Short: "list label names, or the values of one",
		Examples: []string{"labels", "labels pod", `labels pod -query '{service_name="shop"}'`},
		JSON:     `["pod-1", "pod-2"]`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			s, r := client.Flags(env, flags), question.RangeFlags(flags)
			query := flags.String("query", "", "label `matchers`: only of series that match")
			asJSON := command.JSONFlag(flags)
			return command.Action{
				Run: func(ctx context.Context, args []string) error {
					if len(args) > 1 {
						return command.Usagef("name one label, not %q as well", args[1])
					}
					names, err := labels(ctx, env, s, r, question.Matchers("", *query), args)
					if err != nil {
						return err
					}
					if *asJSON {
						return env.JSON(append([]string{}, names...))
					}
					for _, n := range names {
						fmt.Fprintln(env.Stdout, n)
					}
					return nil
				},
				Complete: func(ctx context.Context, name string, args []string) []string {
					if name != "" || len(args) > 0 {
						return nil
					}
					return question.LabelNames(ctx, s, env.Now())
				},
			}
		},
	}
}

// labels lists names or, if there is an argument, its values.
func labels(ctx context.Context, env *command.Env, s *client.Server, r *question.Range, matchers string, args []string) ([]string, error) {
	span, err := r.Span(env.Now())
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		res, err := s.Querier().LabelNames(ctx, connect.NewRequest(&typesv1.LabelNamesRequest{
			Matchers: []string{matchers}, Start: span.From, End: span.Until,
		}))
		if err != nil {
			return nil, s.Explain("list labels", err)
		}
		return res.Msg.Names, nil
	}
	res, err := s.Querier().LabelValues(ctx, connect.NewRequest(&typesv1.LabelValuesRequest{
		Name: args[0], Matchers: []string{matchers}, Start: span.From, End: span.Until,
	}))
	if err != nil {
		return nil, s.Explain("list values of a label", err)
	}
	return res.Msg.Names, nil
}
