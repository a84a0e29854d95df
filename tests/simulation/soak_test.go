package simulation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

var soakTime = flag.Duration("soak", 3*time.Hour, "for how long, by its own clock, the soak pushes")

// A soak is one long life with everything at once: pods push, drainers, planner,
// compact workers and sweepers run by their schedules, several of each at a
// time, and questions of all kinds are asked meanwhile. There is fair weather,
// and now and then a storm, in which calls fail and processes die.
//
// The rules for what an answer must have are with [soak.must], for how many
// blocks there may be with [soak.countBlocks], for what is left in the end with
// [soak.inspect].
//
// A seed gives the same pushes, but not the same calls in the same order: the
// query function reads in parallel.
type soak struct {
	*history
	jobs    *queuetest.Mem
	records *recordstest.Mem
	figures figures
	cached  *process // whose query function lives as long as the soak
	asked   *asker   // its client
	workers []*process
	sweeps  int
	// freshness is how long a profile that was acknowledged may be missing while
	// nothing goes wrong.
	freshness time.Duration
	storms    []storm
	start     time.Time
}

// storm is a time in which things go wrong.
type storm struct{ from, to time.Time }

// figures are what a soak has done.
type figures struct {
	profiles, acked       int
	answers               map[string]int // by kind of question
	values                int            // that were compared in them
	mostSettled, mostRows int            // blocks of a tenant and day
	inTheEnd              int            // the same, when all is merged
	jobs                  int            // merged blocks
	swept, orphans        int
	calls                 int
}

// Rates of a soak, and what it is about.
const (
	podsOfAService = 2
	services       = 3
	podPeriod      = 45 * time.Second // between two pushes of a pod, about
	redeployEvery  = 100 * time.Minute
	stormEvery     = 90 * time.Minute
	stormLength    = 8 * time.Minute
)

// TestSoak: no answer is wrong at any moment of a long life with everything at
// once, there are never too many blocks, and nothing is left over.
func TestSoak(t *testing.T) {
	o := liveLong(t, newShared(t), *firstSeed, *soakTime, sabotage{})
	t.Logf("%v: %+v", *soakTime, o.figures)
	require.Empty(t, o.violations, "%s", listed(o.violations))
	require.NotZero(t, o.figures.jobs)
	require.NotZero(t, o.figures.swept)
}

// longLife is what is known of a soak at its end.
type longLife struct {
	figures    figures
	violations []violation
}

// liveLong runs a soak in a bubble of its own.
func liveLong(t *testing.T, sh *shared, seed uint64, length time.Duration, b sabotage) (o longLife) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sh, seed, b)
		w.pace = 40 * time.Millisecond
		w.queues = []*queuetest.Mem{queuetest.NewMem(nil), queuetest.NewMem(nil)}
		s := &soak{
			history: &history{world: w}, jobs: queuetest.NewMem(nil), records: recordstest.NewMem(),
			figures: figures{answers: make(map[string]int)}, freshness: freshness,
		}
		s.cached = w.process("query", 900_000)
		s.cached.sound = true
		s.asked = s.asker(s.cached, true)
		time.Sleep(time.Duration(w.r.Int64N(int64(24 * time.Hour))))
		s.start = time.Now()
		s.busy(length)
		if !s.broken() { // otherwise nothing need be inspected
			s.settle()
			s.inspect()
		}
		s.figures.profiles, s.figures.calls = len(w.truth.profiles), w.stage.took
		for _, p := range w.truth.profiles {
			if p.acked {
				s.figures.acked++
			}
		}
		o = longLife{s.figures, w.truth.violations()}
	})
	return o
}

// busy is while pods push.
func (s *soak) busy(length time.Duration) {
	end := time.Now().Add(length)
	for i, tenant := range tenants {
		for k := range services * podsOfAService {
			number := 1 + i*services*podsOfAService + k
			r := rand.New(rand.NewPCG(s.seed, uint64(500+number)))
			s.clients.Add(1)
			s.background(func() {
				defer s.clients.Add(-1)
				c := &pod{
					number: number, tenant: tenant, service: fmt.Sprint("service-", k%services), r: r,
					period: podPeriod, redeploy: redeployEvery, large: 200, retry: 8,
				}
				c.push = func(body []byte) bool {
					return s.push(s.process("ingest", c.number*1_000_000+c.pushes), c.tenant, body)
				}
				s.pod(c, end)
			})
		}
	}
	s.appointAll(time.Minute)
	if s.sweepSettings != nil {
		s.appoint(s.between(5*time.Second, time.Minute), func() { s.spawn("sweeper", s.sweep) })
		s.appoint(always(20*time.Second), func() { s.ask(1) }) // of those who are slow
	}
	s.appoint(s.between(stormEvery/2, stormEvery*3/2), s.storm)
	s.appoint(s.between(2*time.Second, time.Minute), func() { s.ask(s.r.IntN(5)) })
	s.run(func() bool {
		s.weather()
		return s.clients.Load() == 0
	})
	s.stage.mood = mood{}
	s.rest()
}

// broken reports whether something that was wrong has been seen. Then pods stop.
func (s *soak) broken() bool {
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	return len(s.truth.wrong) > 0
}

// appointAll has everything run by its schedule.
func (s *soak) appointAll(period time.Duration) {
	s.appoint(always(period), s.drainAll)
	s.appoint(always(period), func() { s.spawn("planner", s.plan) })
	s.appoint(always(period), s.hireWorkers)
	s.appoint(s.between(3*period, 8*period), func() { s.spawn("sweeper", s.sweep) })
	s.appoint(always(period/3), s.countBlocks)
}

func (s *soak) storm() {
	s.storms = append(s.storms, storm{time.Now(), time.Now().Add(stormLength)})
	s.stage.mood = mood{crash: 0.002, fail: 0.01, slow: 0.01}
}

// weather ends storms.
func (s *soak) weather() {
	if n := len(s.storms); n > 0 && s.stage.mood != (mood{}) && time.Now().After(s.storms[n-1].to) {
		s.stage.mood = mood{}
	}
}

// stormy reports whether a storm blew at some moment between two times.
func (s *soak) stormy(from, to time.Time) bool {
	for _, x := range s.storms {
		if x.from.Before(to) && x.to.After(from) {
			return true
		}
	}
	return false
}

// settle lets all be merged and swept that there is: for longer than a large
// profile is kept that no drainer came for.
func (s *soak) settle() {
	for _, period := range []time.Duration{10 * time.Minute, 6 * time.Hour} {
		s.appointAll(period)
		end := time.Now().Add(30*time.Hour + 200*period)
		s.run(func() bool { return time.Now().After(end) })
		s.rest()
	}
}
