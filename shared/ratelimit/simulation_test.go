package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
)

// bucket is the plain model: one place that knows everything.
type bucket struct {
	limit ratelimit.Limit
	level float64
	at    time.Time
}

func (b *bucket) take(now time.Time, bytes int64) bool {
	b.level = min(float64(b.limit.Burst), b.level+float64(b.limit.Rate)*now.Sub(b.at).Seconds())
	b.at = now
	if b.level < float64(bytes) {
		return false
	}
	b.level -= float64(bytes)
	return true
}

// traffic is how a tenant pushes: sometimes evenly, sometimes all at once, to
// instances that come and go.
type traffic struct {
	rnd  *rand.Rand
	w    *world
	size int64
	mean time.Duration // between pushes
}

func newTraffic(t *testing.T, seed uint64) *traffic {
	rnd := rand.New(rand.NewPCG(seed, 1))
	return &traffic{
		rnd: rnd, w: newWorld(t, 1+rnd.IntN(12)),
		size: []int64{50, 900, 1100, 5000, 10_000}[rnd.IntN(5)],
		mean: []time.Duration{time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}[rnd.IntN(3)],
	}
}

// next lets time pass and returns a push.
func (tr *traffic) next() (instance int, bytes int64) {
	pause := time.Duration(tr.rnd.ExpFloat64() * float64(tr.mean))
	switch tr.rnd.IntN(400) {
	case 0:
		pause += time.Duration(tr.rnd.IntN(30)) * time.Second
	case 1:
		tr.w.instances[tr.rnd.IntN(len(tr.w.instances))] = tr.w.instance()
	}
	tr.w.now = tr.w.now.Add(pause)
	return tr.rnd.IntN(len(tr.w.instances)), 1 + tr.rnd.Int64N(tr.size)
}

func TestWhoKeepsToTheLimitIsNeverRefused(t *testing.T) {
	for seed := range uint64(60) {
		tr := newTraffic(t, seed)
		model := bucket{limit: limit, level: float64(limit.Burst), at: start}
		passed := 0
		for range 3000 {
			i, bytes := tr.next()
			if !model.take(tr.w.now, bytes) {
				continue // the tenant does not push it
			}
			passed++
			require.NoError(t, tr.w.take(i, limit, bytes), "seed %d, push %d", seed, passed)
		}
		require.Greater(t, passed, 100)
	}
}

func TestOvershootIsBounded(t *testing.T) {
	const seeds = 60
	tight := 0
	for seed := range uint64(seeds) {
		tr := newTraffic(t, seed)
		used := make(map[int64]float64) // by window
		born := make(map[int64]map[*ratelimit.Limiter]bool)
		for range 6000 {
			i, bytes := tr.next()
			window := tr.w.now.UnixNano() / int64(ratelimit.Window)
			if tr.w.take(i, limit, bytes) == nil {
				used[window] += float64(bytes)
				if born[window] == nil {
					born[window] = make(map[*ratelimit.Limiter]bool)
				}
				born[window][tr.w.instances[i]] = true
			}
		}
		perWindow := float64(limit.Rate) * ratelimit.Window.Seconds()
		last := tr.w.now.UnixNano() / int64(ratelimit.Window)
		for first := start.UnixNano() / int64(ratelimit.Window); first <= last; first++ {
			sum, allowed := 0.0, 0.0
			for k := int64(0); first+k <= last; k++ {
				sum += used[first+k]
				// The instances of a window are those that pushed in it.
				allowed += perWindow + float64(len(born[first+k]))*limit.Chunk()
				if k%2 == 0 {
					allowed += float64(limit.Burst)
				}
				require.LessOrEqual(t, sum, allowed, "seed %d, %d windows from %d", seed, k+1, first)
			}
			if used[first] > perWindow*0.9 {
				tight++
			}
		}
	}
	require.Greater(t, tight, seeds, "the limit was reached")
}

// TestInstancesThatStayKeepToTheRate: over a long time the burst counts once.
func TestInstancesThatStayKeepToTheRate(t *testing.T) {
	w := newWorld(t, 5)
	rnd := rand.New(rand.NewPCG(1, 1))
	const windows = 50
	passed := 0.0
	for w.now.Before(start.Add(windows * ratelimit.Window)) {
		w.now = w.now.Add(time.Duration(rnd.IntN(20)) * time.Millisecond)
		bytes := 1 + rnd.Int64N(1000)
		if w.take(rnd.IntN(5), limit, bytes) == nil {
			passed += float64(bytes)
		}
	}
	perWindow := float64(limit.Rate) * ratelimit.Window.Seconds()
	require.LessOrEqual(t, passed, float64(limit.Burst)+windows*(perWindow+5*limit.Chunk()))
	require.Greater(t, passed, windows*perWindow*0.95)
}
