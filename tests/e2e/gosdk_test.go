package e2e

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/pyroscope-go"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

// A Go program with the SDK and all its profile types appears under its name,
// with the types that Grafana knows.
func TestGoSDK(t *testing.T) {
	t.Parallel()
	s, err := startServer(t.TempDir(), nil)
	require.NoError(t, err)
	defer s.kill()
	from := time.Now().Add(-time.Minute)
	stopWork := keepBusy(t)
	defer stopWork()
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "go-sdk-app", ServerAddress: s.url, UploadRate: time.Second,
		Tags: map[string]string{"region": "eu"}, Logger: testLogger{t},
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileAllocObjects, pyroscope.ProfileAllocSpace,
			pyroscope.ProfileInuseObjects, pyroscope.ProfileInuseSpace, pyroscope.ProfileGoroutines,
			pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
	})
	require.NoError(t, err)

	client := querier(s.url, "-")
	poll(t, func(ctx context.Context) error {
		got, err := profileTypes(ctx, client, from, time.Now().Add(time.Minute))
		if err == nil && !slices.Equal(got, goTypes()) {
			err = fmt.Errorf("profile types are %q", got)
		}
		return err
	})
	poll(t, func(ctx context.Context) error {
		r, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
			LabelSelector: `{service_name="go-sdk-app", region="eu"}`, ProfileTypeID: typeID("cpu"),
			Start: from.UnixMilli(), End: time.Now().Add(time.Minute).UnixMilli(),
		}))
		if err == nil && !slices.ContainsFunc(r.Msg.Flamegraph.Names, isSpin) {
			err = fmt.Errorf("spin is not among the functions %q", r.Msg.Flamegraph.Names)
		}
		return err
	})
	require.NoError(t, profiler.Stop())
	stopWork()

	labels, err := client.LabelNames(t.Context(), connect.NewRequest(&typesv1.LabelNamesRequest{
		Matchers: []string{"{}"}, Start: from.UnixMilli(), End: time.Now().Add(time.Minute).UnixMilli(),
	}))
	require.NoError(t, err)
	require.Contains(t, labels.Msg.Names, "region")
	require.NotContains(t, labels.Msg.Names, "__session_id__")
	require.NoError(t, s.stop())
}

// goTypes are the ids of what the Go SDK sends.
func goTypes() []string {
	return []string{
		"block:contentions:count:contentions:count",
		"block:delay:nanoseconds:contentions:count",
		"goroutine:goroutine:count:goroutine:count",
		"memory:alloc_objects:count:space:bytes",
		"memory:alloc_space:bytes:space:bytes",
		"memory:inuse_objects:count:space:bytes",
		"memory:inuse_space:bytes:space:bytes",
		"mutex:contentions:count:contentions:count",
		"mutex:delay:nanoseconds:contentions:count",
		"process_cpu:cpu:nanoseconds:cpu:nanoseconds",
		"process_cpu:samples:count:cpu:nanoseconds",
	}
}

// keepBusy uses all that there are profiles of, until it is stopped, which may
// be done several times.
func keepBusy(t *testing.T) (stop func()) {
	t.Helper()
	mutexFraction := runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	done := make(chan struct{})
	var workers sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		workers.Go(func() {
			var kept [][]byte
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.Lock()
				kept = append(kept[:len(kept)%8], make([]byte, 1<<20))
				spin(5 * time.Millisecond)
				mu.Unlock()
				time.Sleep(5 * time.Millisecond) // leaves processors to other tests
			}
		})
	}
	return sync.OnceFunc(func() {
		close(done)
		workers.Wait()
		runtime.SetMutexProfileFraction(mutexFraction)
		runtime.SetBlockProfileRate(0)
	})
}

// spin computes for a while.
//
//go:noinline
func spin(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

func isSpin(function string) bool { return strings.HasSuffix(function, "e2e.spin") }

// poll calls check until it succeeds, or fails the test with its last error.
func poll(t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), visibleTime)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			require.NoError(t, err)
		}
	}
}

// testLogger fails the test when the SDK cannot upload.
type testLogger struct{ t *testing.T }

func (testLogger) Infof(string, ...any)  {}
func (testLogger) Debugf(string, ...any) {}
func (l testLogger) Errorf(format string, args ...any) {
	l.t.Errorf("SDK: "+format, args...)
}
