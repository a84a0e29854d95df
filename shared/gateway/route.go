package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// DefaultKey is the key of the route that takes what no other does.
const DefaultKey = "$default"

// Function is a Lambda function behind the gateway.
type Function = func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Route binds a function to requests.
type Route struct {
	// Key is a route key as in an HTTP API: "POST /ingest", "ANY /ready",
	// "GET /a/{id}/b", "ANY /querier.v1.QuerierService/{proxy+}" or "$default".
	// {name} stands for one segment of a path, {name+} at the end for one or
	// more. As with AWS, paths are compared as they are: "//ingest" is not
	// "/ingest" and goes to the default route, whose function should be the one
	// that clients with a doubled slash mean.
	Key      string
	Function Function
}

const anyMethod = "ANY"

// router finds routes. Its choice is that of an HTTP API: a full match first,
// then the longest greedy match, the method itself before ANY; the default
// route last.
type router struct {
	exact    map[string]Route // by key, paths without variables
	patterns []pattern        // best first
	fallback *Route
}

type pattern struct {
	Route
	method   string
	segments []string
	greedy   bool // the last segment is {name+}
}

func newRouter(routes []Route) (*router, error) {
	r := &router{exact: make(map[string]Route, len(routes))}
	var errs []error
	seen := make(map[string]bool, len(routes))
	for _, route := range routes {
		if seen[route.Key] {
			errs = append(errs, fmt.Errorf("route %q: given twice", route.Key))
		}
		seen[route.Key] = true
		if err := r.add(route); err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", route.Key, err))
		}
	}
	slices.SortStableFunc(r.patterns, better)
	return r, errors.Join(errs...)
}

func (r *router) add(route Route) error {
	if route.Function == nil {
		return errors.New("has no function")
	}
	if route.Key == DefaultKey {
		r.fallback = &route
		return nil
	}
	method, path, ok := strings.Cut(route.Key, " ")
	if !ok || method == "" || method != strings.ToUpper(method) || !strings.HasPrefix(path, "/") {
		return errors.New(`want "METHOD /path", "ANY /path" or "$default"`)
	}
	if !strings.Contains(path, "{") {
		r.exact[route.Key] = route
		return nil
	}
	p := pattern{Route: route, method: method, segments: strings.Split(path[1:], "/")}
	for i, segment := range p.segments {
		if !isVariable(segment) {
			if strings.ContainsAny(segment, "{}") {
				return fmt.Errorf("a variable must be a whole segment, not a part of %q", segment)
			}
			continue
		}
		if strings.HasSuffix(segment, "+}") {
			if i != len(p.segments)-1 {
				return fmt.Errorf("%s must be the last segment", segment)
			}
			p.greedy = true
		}
	}
	r.patterns = append(r.patterns, p)
	return nil
}

func isVariable(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")
}

func variableName(segment string) string { return strings.TrimSuffix(segment[1:len(segment)-1], "+") }

// better orders patterns: whole ones before greedy ones, longer before
// shorter, a method before ANY.
func better(a, b pattern) int {
	rank := func(p pattern) int {
		n := -2 * len(p.segments)
		if p.greedy {
			n += 1 << 20
		}
		if p.method == anyMethod {
			n++
		}
		return n
	}
	return rank(a) - rank(b)
}

// find returns the route of a request and the values of its path variables, or
// no route.
func (r *router) find(method, path string) (*Route, map[string]string) {
	for _, m := range []string{method, anyMethod} {
		if route, ok := r.exact[m+" "+path]; ok {
			return &route, nil
		}
	}
	for i := range r.patterns {
		p := &r.patterns[i]
		if p.method != method && p.method != anyMethod {
			continue
		}
		if variables, ok := p.match(path); ok {
			return &p.Route, variables
		}
	}
	return r.fallback, nil
}

func (p *pattern) match(path string) (map[string]string, bool) {
	rest := strings.TrimPrefix(path, "/")
	variables := make(map[string]string)
	for i, want := range p.segments {
		last := i == len(p.segments)-1
		if last && p.greedy {
			variables[variableName(want)] = rest
			return variables, rest != ""
		}
		segment, after, more := strings.Cut(rest, "/")
		if more == last || segment == "" {
			return nil, false
		}
		switch {
		case isVariable(want):
			variables[variableName(want)] = segment
		case want != segment:
			return nil, false
		}
		rest = after
	}
	return variables, true
}
