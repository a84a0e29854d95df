package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"connectrpc.com/connect"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// pollInterval is between two looks at whether everything is visible.
const pollInterval = 250 * time.Millisecond

// server is the Pyrocumulus that is shown.
type server struct {
	url string
	caller
	pusher  pushv1connect.PusherServiceClient
	querier querierv1connect.QuerierServiceClient
}

// caller is who asks.
type caller struct {
	tenant string // to name; "": none
	token  string // to send; "": none
}

func newServer(url string, c caller) *server {
	header := connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			if c.tenant != "" {
				r.Header().Set("X-Scope-OrgID", c.tenant)
			}
			if c.token != "" {
				r.Header().Set("Authorization", "Bearer "+c.token)
			}
			return next(ctx, r)
		}
	}))
	return &server{
		url: url, caller: c,
		pusher:  pushv1connect.NewPusherServiceClient(http.DefaultClient, url, header),
		querier: querierv1connect.NewQuerierServiceClient(http.DefaultClient, url, header),
	}
}

// push sends profiles.
func (s *server) push(ctx context.Context, batch *pushv1.PushRequest) error {
	_, err := s.pusher.Push(ctx, connect.NewRequest(batch))
	return s.explain("send profiles", err)
}

// window is a range of time.
type window struct{ from, to time.Time }

func (s *server) stacks(w window, q question) *querierv1.SelectMergeStacktracesRequest {
	return &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: q.profileType, LabelSelector: fmt.Sprintf("{service_name=%q}", q.service),
		Start: w.from.UnixMilli(), End: w.to.UnixMilli(), Format: querierv1.ProfileFormat_PROFILE_FORMAT_TREE,
	}
}

// flameGraph asks for a flame graph.
func (s *server) flameGraph(ctx context.Context, w window, q question) (*flamegraph.Tree, error) {
	r, err := s.querier.SelectMergeStacktraces(ctx, connect.NewRequest(s.stacks(w, q)))
	if err != nil {
		return nil, s.explain("ask for a flame graph", err)
	}
	tree, err := flamegraph.ParseTree(r.Msg.Tree)
	if err != nil {
		return nil, fmt.Errorf("read flame graph of %s: %w", q.service, err)
	}
	return tree, nil
}

// await waits until everything that was sent is in the answers.
func (s *server) await(ctx context.Context, w window, sent totals) error {
	for _, q := range sent.sorted() {
		for {
			tree, err := s.flameGraph(ctx, w, q)
			if err != nil {
				return err
			}
			if tree.Total() >= sent[q] { // more if the demo was run before
				break
			}
			select {
			case <-time.After(pollInterval):
			case <-ctx.Done():
				return fmt.Errorf("the profiles of %s were accepted, but after %s only %d of %d %s can be queried",
					q.service, timeLimit, tree.Total(), sent[q], q.profileType)
			}
		}
	}
	return nil
}

// explain adds to an error what its reader can do about it.
func (s *server) explain(doing string, err error) error {
	var unknownHost *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start it with `make run`, or name another server with -url", s.url)
	case errors.As(err, &unknownHost):
		return fmt.Errorf("there is no host %s: name another server with -url", unknownHost.Name)
	case connect.CodeOf(err) == connect.CodeUnauthenticated && s.caller == caller{}:
		return fmt.Errorf("%s: %w; name a tenant with -tenant, or set %s", doing, err, tokenVariable)
	case connect.CodeOf(err) == connect.CodeUnimplemented:
		return fmt.Errorf("%s: what answers at %s is no Pyrocumulus: %w", doing, s.url, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
