package simulation

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
)

// TestRequestsOfAThousandProfiles counts what a thousand profiles cost that 200
// series push within ten seconds: AWS charges by the call. The drainer finds all
// of them when its schedule starts it, or is at work while they come: then the
// first profile of a series keeps the others from being received until it is
// written, which takes one more flush.
func TestRequestsOfAThousandProfiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		start time.Duration // of the drainer
		puts  int
	}{{"the drainer comes later", 30 * time.Second, 3}, {"the drainer is there", 0, 4}} {
		t.Run(c.name, func(t *testing.T) {
			s := newShared(t)
			synctest.Test(t, func(t *testing.T) {
				n, ops := requests(t, s, c.start)
				t.Logf("%d profiles: %v", n, ops)
				require.LessOrEqual(t, ops["Put"], c.puts)
				require.LessOrEqual(t, ops["Insert"], c.puts)
				require.LessOrEqual(t, ops["queue0.Send"], n)
				require.LessOrEqual(t, ops["queue0.Receive"]+ops["queue0.Delete"]+ops["queue0.Extend"], n/4)
			})
		})
	}
}

// requests returns how many profiles were pushed and the calls that it took to
// store them.
func requests(t *testing.T, s *shared, start time.Duration) (int, map[string]int) {
	const series, each, within = 200, 5, 10 * time.Second
	w := newWorld(t, s, 1, sabotage{})
	w.queues, w.visibility, w.timeout = []*queuetest.Mem{queuetest.NewMem(nil)}, 90*time.Second, 75*time.Second
	h := &history{world: w}
	for i := range series {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		h.background(func() {
			for k := range each {
				time.Sleep(time.Duration(r.Int64N(int64(within / each))))
				p := &pushed{tenant: "acme", function: fmt.Sprintf("f%d.%d", i, k), value: 2, at: time.Now().Add(-within)}
				w.truth.push(p)
				body := requestFrom(p, fmt.Sprint("service-", i%20), fmt.Sprint("pod-", i), r, false)
				if w.push(w.process("ingest", 1000+i*each+k), p.tenant, body) {
					w.truth.ack(p.function)
				}
			}
		})
	}
	begin := time.Now().Add(start)
	h.run(func() bool { return !time.Now().Before(begin) || start > 0 && h.active.Load() == 0 })
	w.spawn("drainer", func(p *process) (time.Duration, func(context.Context) error) { return w.drain(p, 0) })
	h.run(func() bool { return h.active.Load() == 0 })
	ops := maps.Clone(w.stage.ops)
	require.Zero(t, w.queues[0].Len())
	h.askAll()
	require.Empty(t, w.truth.violations())
	return series * each, ops
}
