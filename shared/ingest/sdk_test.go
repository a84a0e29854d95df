package ingest_test

import (
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pyroscope "github.com/grafana/pyroscope-go"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var update = flag.Bool("update", false, "write the golden files")

// sdkLog fails the test when the SDK reports an error: it does not return any.
type sdkLog struct{ t *testing.T }

func (sdkLog) Infof(string, ...any)                {}
func (sdkLog) Debugf(string, ...any)               {}
func (l sdkLog) Errorf(format string, args ...any) { l.t.Errorf(format, args...) }

// The Go SDK itself profiles this test and pushes what it finds, until there
// was something of each of its ten profile types.
func TestProfileTypesOfTheGoSDK(t *testing.T) {
	b := newBench(t, multitenant)
	b.now = time.Now()
	server := httptest.NewServer(b.handler)
	defer server.Close()
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	sdk, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "shop.checkout", Tags: map[string]string{"region": "eu"}, ServerAddress: server.URL, TenantID: "acme", Logger: sdkLog{t},
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileInuseObjects, pyroscope.ProfileAllocObjects, pyroscope.ProfileInuseSpace,
			pyroscope.ProfileAllocSpace, pyroscope.ProfileGoroutines, pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
	})
	require.NoError(t, err)
	golden := filepath.Join("testdata", "go_sdk_profile_types.golden")
	want, err := os.ReadFile(golden)
	if !*update {
		require.NoError(t, err)
	}
	var got string
	for range 30 {
		work()
		sdk.Flush(true)
		types := b.types()
		slices.Sort(types)
		if got = strings.Join(slices.Compact(types), "\n") + "\n"; got == string(want) {
			break
		}
	}
	require.NoError(t, sdk.Stop())
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		return
	}
	require.Equal(t, string(want), got)
	for _, r := range b.received() {
		require.Equal(t, profile.TenantID("acme"), r.Tenant)
		require.Equal(t, "shop.checkout", r.Labels.Get("service_name"))
		require.Equal(t, "gospy", r.Labels.Get("pyroscope_spy"))
		require.Equal(t, "eu", r.Labels.Get("region"))
		require.False(t, r.Labels.Has("__session_id__"))
	}
}

// work does something for every profile: it computes, allocates, and waits for
// channels and mutexes.
func work() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	ch := make(chan []byte)
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				mu.Lock()
				buf := make([]byte, 64<<10)
				for i := range buf {
					buf[i] = byte(i * i)
				}
				mu.Unlock()
				ch <- buf
			}
		}()
	}
	for range 200 {
		<-ch
	}
	wg.Wait()
}
