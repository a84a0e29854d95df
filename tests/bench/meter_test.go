package bench

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cpuTime is the CPU time that this process has used, in user mode and kernel.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// profiles is a flag: -cpuprofile would also show how the store was built.
var profiles = flag.String("profiles", "", "a directory for a CPU profile of each benchmark, without what it prepares")

// meter measures the CPU time from its start on.
type meter struct {
	b       *testing.B
	from    time.Duration
	profile *os.File // nil without -profiles
}

func startMeter(b *testing.B) *meter {
	m := &meter{b: b}
	if *profiles != "" {
		var err error
		m.profile, err = os.Create(filepath.Join(*profiles, strings.ReplaceAll(b.Name(), "/", "_")+".cpu.pb.gz"))
		require.NoError(b, err)
		require.NoError(b, pprof.StartCPUProfile(m.profile))
	}
	runtime.GC() // what was left behind before is not to be paid for here
	m.from = cpuTime()
	return m
}

// used ends the measurement and returns the CPU time since its start.
func (m *meter) used() time.Duration {
	used := cpuTime() - m.from
	if m.profile != nil {
		pprof.StopCPUProfile()
		require.NoError(m.b, m.profile.Close())
	}
	return used
}

// report reports the CPU time of an operation.
func (m *meter) report() {
	m.b.ReportMetric(float64(m.used().Microseconds())/1000/float64(m.b.N), "cpu-ms/op")
}

// reportPer reports the CPU time of 1000 profiles, of which an operation has n.
func (m *meter) reportPer(n int) {
	m.b.ReportMetric(m.used().Seconds()*1000/float64(n)/float64(m.b.N), "cpu-s/1000profiles")
}

// peak watches how much memory the process holds.
type peak struct {
	stop    chan struct{}
	stopped chan struct{}
	most    uint64
}

// watchMemory gives back to the system what is free and starts watching.
func watchMemory() *peak {
	debug.FreeOSMemory()
	p := &peak{stop: make(chan struct{}), stopped: make(chan struct{})}
	go p.watch()
	return p
}

// watchEvery is short against the time in which the benchmarks allocate a MB.
const watchEvery = time.Millisecond

func (p *peak) watch() {
	defer close(p.stopped)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		p.most = max(p.most, heldMemory())
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
	}
}

// heldMemory is what the Go runtime has from the system: nearly the resident
// memory but for the program itself, some 10 MiB.
func heldMemory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// report ends the watching and reports the most that there was.
func (p *peak) report(b *testing.B) {
	close(p.stop)
	<-p.stopped
	b.ReportMetric(float64(p.most)/(1<<20), "peak-MiB")
}
