package clients

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
)

const (
	pollInterval = 100 * time.Millisecond
	// visibleTime is how long profiles are waited for. Some SDKs upload each 15
	// seconds; the rest is for a busy machine.
	visibleTime = 2 * time.Minute

	cpuType = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
)

// want is what must be found of a service.
type want struct {
	selector string // {service_name="shop"} if empty
	types    []string
	function string // the end of the name of one; "spin" if empty
	in       string // the type of its profile; cpuType if empty
}

// expect waits until the tenant has what is wanted, or running is done, and
// checks that another tenant has nothing.
func (s *server) expect(running context.Context, t *testing.T, w want) {
	t.Helper()
	if w.selector == "" {
		w.selector = `{service_name="shop"}`
	}
	if w.function == "" {
		w.function = "spin"
	}
	if w.in == "" {
		w.in = cpuType
	}
	own := s.querier(tenant)
	poll(running, t, func(ctx context.Context) error {
		got, err := s.types(ctx, own)
		if err == nil && !slices.Equal(got, w.types) {
			err = fmt.Errorf("profile types are %q", got)
		}
		return err
	})
	poll(running, t, func(ctx context.Context) error {
		names, err := s.functions(ctx, own, w)
		isFunction := func(name string) bool { return strings.Contains(name, w.function) }
		if err == nil && !slices.ContainsFunc(names, isFunction) {
			err = fmt.Errorf("%s is not among the functions %q", w.function, names)
		}
		return err
	})
	other := s.querier(stranger)
	types, err := s.types(t.Context(), other)
	require.NoError(t, err)
	require.Empty(t, types, "profile types of another tenant")
	names, err := s.functions(t.Context(), other, w)
	require.NoError(t, err)
	require.Empty(t, names, "functions of another tenant")
}

// types are the ids of all profile types, in order.
func (s *server) types(ctx context.Context, client querierv1connect.QuerierServiceClient) ([]string, error) {
	r, err := client.ProfileTypes(ctx, connect.NewRequest(&querierv1.ProfileTypesRequest{
		Start: s.since.UnixMilli(), End: time.Now().Add(time.Minute).UnixMilli(),
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

// functions are the names in a flame graph, but for that of its root.
func (s *server) functions(ctx context.Context, client querierv1connect.QuerierServiceClient, w want) ([]string, error) {
	r, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		LabelSelector: w.selector, ProfileTypeID: w.in,
		Start: s.since.UnixMilli(), End: time.Now().Add(time.Minute).UnixMilli(),
	}))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(r.Msg.Flamegraph.GetNames(), func(name string) bool { return name == "total" }), nil
}

// querier asks as a tenant does in Grafana.
func (s *server) querier(owner string) querierv1connect.QuerierServiceClient {
	return querierv1connect.NewQuerierServiceClient(http.DefaultClient, s.url,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
				r.Header().Set("Authorization", "Bearer "+s.tokens[owner])
				return next(ctx, r)
			}
		})))
}

// poll calls check until it succeeds, or fails the test with the last error that
// is not of its own making.
func poll(running context.Context, t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(running, visibleTime, errors.New("it has been waited for long enough"))
	defer cancel()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			require.FailNow(t, context.Cause(ctx).Error(), "%v", last)
		}
	}
}
