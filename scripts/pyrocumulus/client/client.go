// Package client is whom the commands ask over HTTP, and what went wrong.
package client

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"connectrpc.com/connect"

	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// Environment variables. The token is no flag, so that the list of processes
// does not show it.
const (
	URLVariable   = "PYROCUMULUS_URL"
	tokenVariable = "PYROCUMULUS_TOKEN"
)

const defaultURL = "http://127.0.0.1:4040"

// Server is whom to ask, by flags and the environment.
type Server struct {
	URL, tenant, token string
}

// Flags adds the flags that name the server.
func Flags(env *command.Env, flags *flag.FlagSet) *Server {
	s := &Server{token: env.Get(tokenVariable)}
	flags.StringVar(&s.URL, "url", cmp.Or(env.Get(URLVariable), defaultURL), "base `URL` of the server; "+URLVariable)
	flags.StringVar(&s.tenant, "tenant", "", "`tenant` to send as X-Scope-OrgID, to servers that believe it; others take a token from "+tokenVariable)
	return s
}

// Base is the URL without a slash at its end.
func (s *Server) Base() string { return strings.TrimRight(s.URL, "/") }

// Authorize adds what names the caller.
func (s *Server) Authorize(h http.Header) {
	if s.tenant != "" {
		h.Set("X-Scope-OrgID", s.tenant)
	}
	if s.token != "" {
		h.Set("Authorization", "Bearer "+s.token)
	}
}

// Querier is the API that answers queries.
func (s *Server) Querier() querierv1connect.QuerierServiceClient {
	return querierv1connect.NewQuerierServiceClient(http.DefaultClient, s.Base(),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
				r.Header().Set("Accept", "*/*;allow-utf8-labelnames=true")
				s.Authorize(r.Header())
				return next(ctx, r)
			}
		})))
}

// Explain adds to an error what its reader can do about it.
func (s *Server) Explain(doing string, err error) error {
	var unknownHost *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start it with `make run`, or name another server with -url or %s", s.URL, URLVariable)
	case errors.As(err, &unknownHost):
		return fmt.Errorf("there is no host %s: name another server with -url or %s", unknownHost.Name, URLVariable)
	case connect.CodeOf(err) == connect.CodeUnauthenticated && s.token == "" && s.tenant == "":
		return fmt.Errorf("%s: %w; set %s, or name a tenant with -tenant", doing, err, tokenVariable)
	case connect.CodeOf(err) == connect.CodeUnauthenticated && s.token != "":
		return fmt.Errorf("%s: %w; is the token of %s still valid? `pyrocumulus tokens list TENANT` tells", doing, err, tokenVariable)
	case connect.CodeOf(err) == connect.CodeUnimplemented:
		return fmt.Errorf("%s: what answers at %s is no Pyrocumulus: %w", doing, s.URL, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
