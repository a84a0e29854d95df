package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

// limitedBench is a bench with limits by tenant.
type limitedBench struct {
	*bench
	store *recordstest.Faults
	admin limits.Admin
}

func newLimitedBench(t *testing.T, env map[string]string) *limitedBench {
	c, err := config.LoadIngest(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	require.NoError(t, err)
	defaults, err := limits.Defaults(c)
	require.NoError(t, err)
	b := &limitedBench{bench: newBench(t, multitenant)}
	clock := func() time.Time { return b.now }
	mem := recordstest.NewMem()
	mem.Now = clock
	b.store = recordstest.NewFaults(mem)
	b.admin = limits.Admin{Store: mem}
	log := slog.New(slog.NewJSONHandler(&b.log, nil))
	b.handler = ingest.New(b.settings, ingest.Deps{
		Queues: []queue.Sender{b.queue}, Store: b.bench.store, Codec: b.codec, Now: clock, Log: log,
		Tenants: limits.New(defaults, b.store, clock, log),
		Rate:    ratelimit.New(b.store, clock, log),
	})
	return b
}

// pushes are the ways to push one profile, which differs for each n, as a
// tenant.
func (b *limitedBench) pushes(tenant string, n int) map[string]func() (status int, header http.Header, body string) {
	profile := gz(b.t, cpu(b.now, int64(1000+n)))
	message, err := proto.Marshal(request(series(raw(profile), "__name__", "process_cpu", "n", fmt.Sprint(n))))
	require.NoError(b.t, err)
	send := func(path, contentType string, body []byte) func() (int, http.Header, string) {
		return func() (int, http.Header, string) {
			w := b.do("POST", path, bytes.NewReader(body), "Content-Type", contentType, "X-Scope-OrgID", tenant)
			return w.Code, w.Header(), w.Body.String()
		}
	}
	return map[string]func() (int, http.Header, string){
		"push":   send(pushPath, "application/proto", message),
		"ingest": send("/ingest?format=pprof&name=app", "", profile),
		"folded": send("/ingest?name=app", "text/plain", fmt.Appendf(nil, "a;b %d\nc %d\n", n+1, n+2)),
		"otlp":   send(otlpPath, protobuf, []byte(wire(b.t, otlpRequest(b.now.Add(-time.Duration(n)*time.Millisecond))))),
	}
}

func TestRateLimit(t *testing.T) {
	for _, way := range []string{"push", "ingest", "folded", "otlp"} {
		t.Run(way, func(t *testing.T) {
			b := newLimitedBench(t, map[string]string{config.EnvIngestionRate: "10", config.EnvMaxProfileBytes: "1KiB", config.EnvIngestionBurst: "0"})
			passed := 0
			for n := range 50 {
				status, header, body := b.pushes("acme", n)[way]()
				if status == 200 {
					passed++
					continue
				}
				require.Equal(t, 429, status)
				if way != "otlp" { // which has a google.rpc.Status
					require.Contains(t, body, "resource_exhausted")
				}
				require.Contains(t, body, "push rate limit (10 B) exceeded while adding ")
				require.Regexp(t, "^[1-9][0-9]*$", header.Get("Retry-After"))
				break
			}
			require.Greater(t, passed, 2)
			require.Less(t, passed, 50)
			require.Len(t, b.queue.ids(), passed, "nothing of a refused push is stored")
			status, _, _ := b.pushes("other", 0)[way]()
			require.Equal(t, 200, status, "another tenant")
			b.now = b.now.Add(time.Minute)
			status, _, _ = b.pushes("acme", 0)[way]()
			require.Equal(t, 200, status, "later")
		})
	}
}

func TestOneLegalProfilePassesTheBurst(t *testing.T) {
	b := newLimitedBench(t, map[string]string{config.EnvIngestionRate: "1", config.EnvIngestionBurst: "1"})
	body, err := proto.Marshal(request(series(raw(gz(t, large(now, 15000))), "__name__", "process_cpu")))
	require.NoError(t, err)
	send := func() int {
		return b.do("POST", pushPath, bytes.NewReader(body), "Content-Type", "application/proto", "X-Scope-OrgID", "acme").Code
	}
	require.Equal(t, 200, send())
	for range 20 {
		if send() == 429 {
			return
		}
	}
	t.Fatal("never refused")
}

func TestLimitsOfTenants(t *testing.T) {
	b := newLimitedBench(t, nil)
	require.NoError(t, b.admin.Set(t.Context(), "small", limits.Overrides{"max_profile_bytes": "1KiB"}))
	require.NoError(t, b.admin.Set(t.Context(), "short", limits.Overrides{"max_label_name_bytes": "10"}))
	require.NoError(t, b.admin.Set(t.Context(), "old", limits.Overrides{"reject_older_than": "48h"}))
	require.NoError(t, b.admin.Set(t.Context(), "thin", limits.Overrides{"max_body_bytes": "1KiB"}))
	large, old := gz(t, large(now, 1000)), gz(t, cpu(now.Add(-24*time.Hour), 1))
	push := func(tenant string, profile []byte, want int, text string) {
		t.Helper()
		body, err := proto.Marshal(request(series(raw(profile), "__name__", "process_cpu")))
		require.NoError(t, err)
		for path, contentType := range map[string]string{pushPath: "application/proto", "/ingest?format=pprof&name=app": ""} {
			sent := profile
			if path == pushPath {
				sent = body
			}
			w := b.do("POST", path, bytes.NewReader(sent), "Content-Type", contentType, "X-Scope-OrgID", tenant)
			got := w.Code
			if got == 422 {
				got = 400 // as /ingest has it
			}
			if got == 413 && want == 400 {
				got = 400
			}
			require.Equal(t, want, got, "%s %s: %s", tenant, path, w.Body)
			require.Contains(t, w.Body.String(), text)
		}
	}
	push("acme", large, 200, "")
	push("acme", old, 400, "outside of the time window")
	push("small", large, 400, "bytes uncompressed")
	push("small", gz(t, cpu(now, 1)), 200, "")
	push("short", gz(t, cpu(now, 1)), 400, "bad labels")
	push("old", old, 200, "")
	push("thin", large, 400, "request is larger than 1024 bytes")
	push("thin", gz(t, cpu(now, 1)), 200, "")
}

// TestTroubleWithTheRecordStore: pushes do not need it.
func TestTroubleWithTheRecordStore(t *testing.T) {
	b := newLimitedBench(t, map[string]string{config.EnvIngestionRate: "1", config.EnvMaxProfileBytes: "1KiB"})
	b.store.CrashAt(1, recordstest.Before)
	for n := range 30 {
		status, _, body := b.pushes("acme", n)["push"]()
		require.Equal(t, 200, status, body)
	}
	require.Contains(t, b.log.String(), "limits not read")
	require.Contains(t, b.log.String(), "pushes not counted")
}

// hangingQueue answers when the request is given up.
type hangingQueue struct{}

func (hangingQueue) Send(ctx context.Context, batch []queue.Message) []error {
	<-ctx.Done()
	errs := make([]error, len(batch))
	for i := range errs {
		errs[i] = ctx.Err()
	}
	return errs
}

func TestAHangingQueueIsAnsweredFor(t *testing.T) {
	b := newLimitedBench(t, nil)
	b.settings.SendTimeout = time.Millisecond
	b.handler = ingest.New(b.settings, ingest.Deps{
		Queues: []queue.Sender{hangingQueue{}}, Store: b.bench.store, Codec: b.codec, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	for way, push := range b.pushes("acme", 1) {
		status, _, body := push()
		require.Equal(t, 503, status, way)
		require.Contains(t, body, "profiles cannot be stored at the moment")
	}
}
