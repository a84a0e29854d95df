package lambda

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// bootstraps is the folder of the functions' binaries.
var bootstraps string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if os.Getenv(emulators.EnvWanted) != "1" {
			return m.Run() // which leaves all tests out
		}
		_ = flag.Set("test.parallel", "8") // most of their time they wait
		var err error
		if bootstraps, err = os.MkdirTemp("", "pyrocumulus-lambda-"); err == nil {
			defer os.RemoveAll(bootstraps)
			err = stack.Build(context.Background(), bootstraps)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// world is a stack of its own: functions, resources, and a proxy before each
// emulator, where a test can interfere.
type world struct {
	t         *testing.T
	emulators emulators.Set
	resources provision.Provisioned
	proxies   *proxies
	host      *runtimeapi.Host
	url       string
	names     atomic.Int64
}

// Settings that make tests short.
const (
	flushInterval = "1s"
	visibility    = 6 * time.Second
)

var worlds atomic.Int64

// newWorld starts a stack; change may be nil.
func newWorld(t *testing.T, change func(*runtimeapi.Function)) *world {
	t.Helper()
	w := &world{t: t, emulators: emulators.Default(t)}
	var err error
	w.resources, err = stack.Provision(t.Context(), w.emulators, fmt.Sprintf("lambda-%d-%d", time.Now().UnixNano(), worlds.Add(1)))
	require.NoError(t, err)
	w.proxies = newProxies(t, w.emulators)
	w.start(change)
	return w
}

// start starts the functions anew.
func (w *world) start(change func(*runtimeapi.Function)) {
	w.t.Helper()
	// Functions need to know the Invoke API before there is a host that serves it.
	var host *runtimeapi.Host
	invoke := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { host.InvokeAPI().ServeHTTP(rw, r) }))
	variables := stack.Variables(w.proxies.emulators, w.resources, invoke.URL)
	maps.Copy(variables, map[string]string{
		config.EnvAuth: "header", config.EnvFlushInterval: flushInterval, config.EnvVisibility: visibility.String(),
		config.EnvJobLease: "10s",
	})
	functions, err := stack.Functions(bootstraps, variables)
	require.NoError(w.t, err)
	for i := range functions {
		if change != nil {
			change(&functions[i])
		}
	}
	host, err = runtimeapi.New(runtimeapi.Options{}, functions...)
	require.NoError(w.t, err)
	front, err := stack.Front(host, slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	server := httptest.NewServer(front)
	w.host, w.url = host, server.URL
	ctx, cancel := context.WithCancel(context.Background())
	var mapping sync.WaitGroup
	cfg, err := w.emulators.Config(ctx)
	require.NoError(w.t, err)
	_, err = sqs.NewFromConfig(cfg).SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: &w.resources.JobsURL, Attributes: map[string]string{"VisibilityTimeout": "10"},
	})
	require.NoError(w.t, err)
	mapping.Go(func() { stack.Map(ctx, host, cfg, w.resources.JobsURL, slog.New(slog.DiscardHandler)) })
	w.t.Cleanup(func() {
		cancel()
		mapping.Wait()
		server.Close()
		host.Close()
		invoke.Close()
		if w.t.Failed() {
			for _, f := range functions {
				lines := strings.SplitAfter(host.Logs(f.Name), "\n")
				w.t.Logf("the last of the log of %s:\n%s", f.Name, strings.Join(lines[max(0, len(lines)-20):], ""))
			}
		}
	})
}

// drain runs the segment function once, as the schedule does.
func (w *world) drain() runtimeapi.Result {
	w.t.Helper()
	r, err := w.host.Invoke(w.t.Context(), stack.Segment, nil)
	require.NoError(w.t, err)
	return r
}

// drainAll runs it until no message is left, waiting for or being received.
func (w *world) drainAll() {
	w.t.Helper()
	until := time.Now().Add(2 * time.Minute)
	for w.queued() > 0 {
		require.True(w.t, time.Now().Before(until), "messages are left on the queue:\n%s", w.host.Logs(stack.Segment))
		w.drain()
	}
}

// queued is how many messages the queue has, hidden ones too.
func (w *world) queued() int {
	w.t.Helper()
	cfg, err := w.emulators.Config(w.t.Context())
	require.NoError(w.t, err)
	out, err := sqs.NewFromConfig(cfg).GetQueueAttributes(w.t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &w.resources.QueueURL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	require.NoError(w.t, err)
	sum := 0
	for _, name := range []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	} {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		require.NoError(w.t, err)
		sum += n
	}
	return sum
}

// pushMany pushes n profiles of one sample each, side by side, each with a
// function of its own, and returns the values by function.
func (w *world) pushMany(tenant string, n int) map[string]int64 {
	w.t.Helper()
	sent := make(map[string]int64)
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make(chan error, n)
	free := make(chan struct{}, 4)
	for range n {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			i := w.names.Add(1)
			name := fmt.Sprintf("f%d", i)
			if err := w.push(tenant, fmt.Sprintf("service-%d", i%5), single(name, 1000+i)); err != nil {
				errs <- err
				return
			}
			mu.Lock()
			defer mu.Unlock()
			sent[name] = 1000 + i
		})
	}
	wg.Wait()
	close(errs)
	require.NoError(w.t, <-errs)
	return sent
}

// requireCounted checks that queries see exactly what was sent.
func (w *world) requireCounted(tenant string, sent ...map[string]int64) {
	w.t.Helper()
	want := make(map[string]int64)
	for _, m := range sent {
		maps.Copy(want, m)
	}
	require.Equal(w.t, want, w.ask(tenant, `{}`))
}
