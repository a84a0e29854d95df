package lambda

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"
	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

const cpuType = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

// single is a CPU profile of one function.
func single(name string, value int64) *pprof.Profile {
	cpu := &pprof.ValueType{Type: "cpu", Unit: "nanoseconds"}
	f := &pprof.Function{ID: 1, Name: name, SystemName: name}
	l := &pprof.Location{ID: 1, Line: []pprof.Line{{Function: f}}}
	return &pprof.Profile{
		SampleType: []*pprof.ValueType{cpu}, PeriodType: cpu, Period: 1,
		Function: []*pprof.Function{f}, Location: []*pprof.Location{l},
		Sample: []*pprof.Sample{{Location: []*pprof.Location{l}, Value: []int64{value}}},
	}
}

// withTenant sends every request as the tenant.
func withTenant(tenant string) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			r.Header().Set("X-Scope-OrgID", tenant)
			return next(ctx, r)
		}
	}))
}

// push sends a profile of now until it is acknowledged, as clients do: when
// there is no answer or the server is busy it is sent again.
func (w *world) push(tenant, service string, p *pprof.Profile) error {
	p.TimeNanos = time.Now().UnixNano()
	var raw bytes.Buffer
	if err := p.Write(&raw); err != nil {
		return fmt.Errorf("encode profile: %w", err)
	}
	request := &pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{{
		Labels: []*typesv1.LabelPair{
			{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: service}, {Name: "__delta__", Value: "false"},
		},
		Samples: []*pushv1.RawSample{{RawProfile: raw.Bytes()}},
	}}}
	client := pushv1connect.NewPusherServiceClient(http.DefaultClient, w.url, withTenant(tenant))
	until := time.Now().Add(time.Minute)
	for {
		_, err := client.Push(w.t.Context(), connect.NewRequest(request))
		code := connect.CodeOf(err)
		switch {
		case err == nil:
			return nil
		case code == connect.CodeInvalidArgument || time.Now().After(until) || errors.Is(err, context.Canceled):
			return fmt.Errorf("push to %s: %w", service, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// ask returns the CPU time by stack, root first, of the last and next hour.
func (w *world) ask(tenant, selector string) map[string]int64 {
	w.t.Helper()
	client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, w.url, withTenant(tenant))
	nodes := int64(1 << 20)
	out, err := client.SelectMergeStacktraces(w.t.Context(), connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpuType, LabelSelector: selector, MaxNodes: &nodes, Format: querierv1.ProfileFormat_PROFILE_FORMAT_PPROF,
		Start: time.Now().Add(-time.Hour).UnixMilli(), End: time.Now().Add(time.Hour).UnixMilli(),
	}))
	require.NoError(w.t, err)
	raw, err := out.Msg.GetPprof().GetProfile().MarshalVT()
	require.NoError(w.t, err)
	if len(raw) == 0 {
		return map[string]int64{} // there is none
	}
	p, err := pprof.ParseData(raw)
	require.NoError(w.t, err)
	return stacks(p, 0)
}

// stacks adds up a profile by the names on its stacks, root first.
func stacks(p *pprof.Profile, value int) map[string]int64 {
	sums := make(map[string]int64)
	for _, s := range p.Sample {
		stack := ""
		for _, l := range s.Location {
			for _, line := range l.Line {
				if stack != "" {
					stack = ";" + stack
				}
				stack = line.Function.Name + stack
			}
		}
		if s.Value[value] != 0 {
			sums[stack] += s.Value[value]
		}
	}
	return sums
}
