package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// startHost runs a host until the test ends and returns its URL.
func startHost(t *testing.T, mode config.Auth) string {
	t.Helper()
	return startHostIn(t, mode, t.TempDir())
}

func startHostIn(t *testing.T, mode config.Auth, data string) string {
	t.Helper()
	ready := make(chan string, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	c := host.Config{
		Listen: "127.0.0.1:0", Data: data, FlushInterval: 100 * time.Millisecond, Auth: mode,
		Lookup: func(name string) (string, bool) { // yesterday is compared with, too
			return "48h", name == config.EnvRejectOlderThan
		},
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Ready: func(url string) { ready <- url },
	}
	go func() { stopped <- host.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-stopped)
	})
	select {
	case url := <-ready:
		return url
	case err := <-stopped:
		require.NoError(t, err)
		return ""
	}
}

const (
	rounds   = 40
	interval = 15 * time.Second
	cpuType  = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
)

// release is how version 2.0 of the shop differs from 1.0, by what is in the
// names of functions on the stack.
var release = map[string]float64{"regexp.": 0.35, "compress/": 1.9}

// pushShop sends the profiles of ten minutes of a shop: of the first half from
// version 1.0, of the second from 2.0, each from three pods.
func pushShop(t *testing.T, url string, now time.Time) {
	t.Helper()
	kinds := map[string]string{"cpu-shop_0": "process_cpu", "mem-shop_0": "memory", "goroutine-shop_0": "goroutine"}
	client := pushv1connect.NewPusherServiceClient(http.DefaultClient, url)
	var sent int64
	for i := range rounds {
		request := &pushv1.PushRequest{}
		version := "1.0"
		if i >= rounds/2 {
			version = "2.0"
		}
		for file, name := range kinds {
			p := load(t, file)
			load := 1 + 0.35*math.Sin(float64(i)/3+float64(i%3))
			sent += scale(p, version, load)
			p.TimeNanos, p.DurationNanos = now.Add(-time.Duration(rounds-i)*interval).UnixNano(), interval.Nanoseconds()
			request.Series = append(request.Series, series(t, p, "__name__", name, "service_name", "shop",
				"pod", fmt.Sprintf("shop-%d", i%3), "version", version, "region", []string{"eu-1", "us-1"}[i%2]))
		}
		_, err := client.Push(t.Context(), connect.NewRequest(request))
		require.NoError(t, err)
	}
	awaitTotal(t, url, now, sent)
}

func load(t *testing.T, file string) *profile.Profile {
	t.Helper()
	data, err := fixtures.Profiles.ReadFile(file + ".pb.gz")
	require.NoError(t, err)
	p, err := profile.ParseData(data)
	require.NoError(t, err)
	return p
}

// scale changes the values of a profile and returns the sum of its CPU time.
func scale(p *profile.Profile, version string, load float64) (cpu int64) {
	for _, s := range p.Sample {
		factor := load
		for part, change := range release {
			if version == "2.0" && onStack(s, part) {
				factor *= change
			}
		}
		for i := range s.Value {
			s.Value[i] = int64(float64(s.Value[i]) * factor)
			if p.SampleType[i].Type == "cpu" {
				cpu += s.Value[i]
			}
		}
	}
	return cpu
}

func onStack(s *profile.Sample, part string) bool {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if strings.HasPrefix(line.Function.Name, part) {
				return true
			}
		}
	}
	return false
}

func series(t *testing.T, p *profile.Profile, labels ...string) *pushv1.RawProfileSeries {
	t.Helper()
	var body bytes.Buffer
	require.NoError(t, p.Write(&body))
	out := &pushv1.RawProfileSeries{Samples: []*pushv1.RawSample{{RawProfile: body.Bytes()}}}
	for i := 0; i < len(labels); i += 2 {
		out.Labels = append(out.Labels, &typesv1.LabelPair{Name: labels[i], Value: labels[i+1]})
	}
	return out
}

// awaitTotal waits until all CPU time that was sent can be queried.
func awaitTotal(t *testing.T, url string, now time.Time, sent int64) {
	t.Helper()
	client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, url)
	require.Eventually(t, func() bool {
		r, err := client.SelectMergeStacktraces(t.Context(), connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
			ProfileTypeID: cpuType, LabelSelector: `{service_name="shop"}`,
			Start: now.Add(-time.Hour).UnixMilli(), End: now.Add(time.Minute).UnixMilli(),
		}))
		return err == nil && r.Msg.Flamegraph.GetTotal() == sent
	}, 30*time.Second, 100*time.Millisecond, "%d ns of CPU time", sent)
}
