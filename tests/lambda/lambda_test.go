package lambda

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// Real profiles of two tenants come back as they were, and to nobody else.
func TestProfilesComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	raw, err := fixtures.Profiles.ReadFile("cpu-gofmt.pb.gz")
	require.NoError(t, err)
	want := make(map[string]map[string]int64)
	for factor, tenant := range []string{1: "a", 2: "b"} {
		if tenant == "" {
			continue
		}
		p, err := pprof.ParseData(raw)
		require.NoError(t, err)
		p.Scale(float64(factor))
		want[tenant] = stacks(p, len(p.SampleType)-1) // samples, then cpu
		require.NotEmpty(t, want[tenant])
		require.NoError(t, w.push(tenant, "real", p))
	}
	w.drainAll()
	for tenant := range want {
		require.Equal(t, want[tenant], w.ask(tenant, `{service_name="real"}`))
		require.Empty(t, w.ask(tenant, `{service_name="other"}`))
	}
	require.Empty(t, w.ask("c", `{}`))
}

// moment is when something happens to the drainer.
type moment struct {
	operation string
	before    bool
}

func (m moment) String() string {
	if m.before {
		return "before " + m.operation
	}
	return "after " + m.operation
}

// moments are before and after each kind of call that changes something.
func moments() []moment {
	return []moment{
		{"ReceiveMessage", false}, {"PUT", true}, {"PUT", false},
		{"TransactWriteItems", true}, {"TransactWriteItems", false},
		{"DeleteMessageBatch", true}, {"DeleteMessageBatch", false},
	}
}

// The drainer is killed at each moment of its first flush. What it had is
// received again, and everything is counted once.
func TestKilledDrainer(t *testing.T) {
	t.Parallel()
	for _, m := range moments() {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			sent := w.pushMany("a", 25)
			killed := w.proxies.once(m.operation, m.before, func() { w.host.Kill(stack.Segment) })
			r := w.drain()
			require.ErrorContains(t, r.Err(), "signal: killed")
			<-killed
			more := w.pushMany("a", 10)
			w.drainAll()
			w.requireCounted("a", sent, more)
		})
	}
}

// The drainer stops for so long that its deadline passes: Lambda kills it. Then
// its messages may have been visible to others for a while.
func TestDeadlinePasses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("left out: no signals")
	}
	for _, m := range []moment{{"PUT", false}, {"TransactWriteItems", false}} {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(f *runtimeapi.Function) {
				if f.Name == stack.Segment {
					f.Timeout = 13 * time.Second // a run keeps 10 s free for its last flush
				}
			})
			sent := w.pushMany("a", 25)
			stopped := w.proxies.once(m.operation, m.before, func() {
				for _, process := range w.host.Processes(stack.Segment) {
					require.NoError(t, syscall.Kill(process, syscall.SIGSTOP))
				}
			})
			first := make(chan runtimeapi.Result, 1)
			go func() {
				r, _ := w.host.Invoke(t.Context(), stack.Segment, nil)
				first <- r
			}()
			<-stopped
			// Another drainer gets the messages while the first still lives.
			w.drainAll()
			w.requireCounted("a", sent)
			e := new(runtimeapi.Error)
			require.ErrorAs(t, (<-first).Err(), &e)
			require.Equal(t, runtimeapi.TypeTimeout, e.Type)
			require.Contains(t, e.Message, "Task timed out after 13.00 seconds")
			w.requireCounted("a", sent)
		})
	}
}

// Segments are merged by jobs that the planner puts on a queue, and the worker
// that does the first of them is killed after it has committed: the job comes
// again and finds itself done.
func TestCompaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var sent []map[string]int64
	for range 3 {
		sent = append(sent, w.pushMany("a", 5))
		w.drainAll()
	}
	killed := w.proxies.once("TransactWriteItems", false, func() { w.host.Kill(stack.Compact) })
	done := func() bool { return strings.Contains(w.host.Logs(stack.Compact), `"msg":"message done"`) }
	require.Eventually(t, func() bool { // segments are merged when they are 36 s old
		_, err := w.host.Invoke(t.Context(), stack.Plan, nil)
		require.NoError(t, err)
		return done()
	}, 4*time.Minute, time.Second)
	<-killed
	w.requireCounted("a", sent...)
}

// Environments of ingest come and go while clients push, and there are fewer
// than clients.
func TestColdStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(f *runtimeapi.Function) {
		if f.Name == stack.Ingest {
			f.Concurrency = 2
		}
	})
	var killer sync.WaitGroup
	kills := 0
	killer.Go(func() {
		for range 30 {
			time.Sleep(30 * time.Millisecond)
			kills += w.host.Kill(stack.Ingest)
		}
	})
	sent := w.pushMany("a", 60)
	killer.Wait()
	require.Positive(t, kills)
	w.drainAll()
	w.requireCounted("a", sent)
	all, _ := w.host.Environments(stack.Ingest)
	require.LessOrEqual(t, all, 2)
}

// wide is a profile of many functions.
func wide(n int) *pprof.Profile {
	p := single(fmt.Sprintf("some/long/package/path.function%06d", 0), 1)
	for i := 1; i < n; i++ {
		one := single(fmt.Sprintf("some/long/package/path.function%06d", i), 1)
		one.Function[0].ID, one.Location[0].ID = uint64(i+1), uint64(i+1)
		p.Function, p.Location = append(p.Function, one.Function[0]), append(p.Location, one.Location[0])
		p.Sample = append(p.Sample, one.Sample[0])
	}
	return p
}

// A drainer with too little memory is killed for it, and loses nothing.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("left out: memory is limited on Linux only")
	}
	const profiles, functions = 30, 8000
	w := newWorld(t, func(f *runtimeapi.Function) {
		if f.Name == stack.Segment {
			f.MemoryMiB = 40
		}
	})
	for i := range profiles {
		require.NoError(t, w.push("a", fmt.Sprintf("service-%d", i), wide(functions)))
	}
	require.ErrorContains(t, w.drain().Err(), "more than 40 MB of memory")
	require.Empty(t, w.ask("a", `{}`))

	w.start(nil)
	w.drainAll()
	got := w.ask("a", `{}`)
	require.Len(t, got, functions)
	for name, value := range got {
		require.True(t, strings.HasPrefix(name, "some/long"), name)
		require.EqualValues(t, profiles, value, name)
	}
}
