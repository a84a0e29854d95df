package main

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
)

// server is whom to ask, by flags and the environment.
type server struct {
	url, tenant, token string
}

// serverFlags adds the flags that name the server.
func (c *cli) serverFlags(flags *flag.FlagSet) *server {
	s := &server{}
	url, _ := c.lookup(urlVariable)
	s.token, _ = c.lookup(tokenVariable)
	flags.StringVar(&s.url, "url", cmp.Or(url, defaultURL), "base `URL` of the server; "+urlVariable)
	flags.StringVar(&s.tenant, "tenant", "", "`tenant` to send as X-Scope-OrgID; for servers that believe it")
	return s
}

// authorize adds what names the caller.
func (s *server) authorize(h http.Header) {
	if s.tenant != "" {
		h.Set("X-Scope-OrgID", s.tenant)
	}
	if s.token != "" {
		h.Set("Authorization", "Bearer "+s.token)
	}
}

func (s *server) querier() querierv1connect.QuerierServiceClient {
	return querierv1connect.NewQuerierServiceClient(http.DefaultClient, strings.TrimRight(s.url, "/"),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
				r.Header().Set("Accept", "*/*;allow-utf8-labelnames=true")
				s.authorize(r.Header())
				return next(ctx, r)
			}
		})))
}

// explain adds to an error what its reader can do about it.
func (s *server) explain(doing string, err error) error {
	var unknownHost *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start it with `make run`, or name another server with -url or %s", s.url, urlVariable)
	case errors.As(err, &unknownHost):
		return fmt.Errorf("there is no host %s: name another server with -url or %s", unknownHost.Name, urlVariable)
	case connect.CodeOf(err) == connect.CodeUnauthenticated && s.token == "" && s.tenant == "":
		return fmt.Errorf("%s: %w; set %s, or name a tenant with -tenant", doing, err, tokenVariable)
	case connect.CodeOf(err) == connect.CodeUnimplemented:
		return fmt.Errorf("%s: what answers at %s is no Pyrocumulus: %w", doing, s.url, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
