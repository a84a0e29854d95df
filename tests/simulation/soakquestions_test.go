package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
)

// How long a profile that was acknowledged may be missing: until the next
// drainer has come (a minute) and has gathered (10 s), or, if a storm blew in
// the minutes before, until what dead drainers held is received again, and
// failed writes were tried again.
const (
	freshness      = 2 * time.Minute
	stormFreshness = 20 * time.Minute
	aftermath      = 10 * time.Minute // of a storm
)

// isDue reports whether a profile must be in an answer that is asked for at a
// time: it was acknowledged so long before, or was in an answer that ended
// before. It must count then once, and in all other answers once at most.
func (s *soak) isDue(p *pushed, at time.Time) bool {
	if p.seen {
		return true
	}
	patience := s.freshness
	if s.stormy(p.ackedAt.Add(-aftermath), at) {
		patience = stormFreshness
	}
	return p.acked && at.Sub(p.ackedAt) > patience
}

// must returns the profiles that a question's answer must have if it is asked
// now, by function.
func (s *soak) must(q question) map[string]bool {
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	now, out := time.Now(), make(map[string]bool)
	for _, p := range s.truth.profiles {
		if q.asksFor(p) && s.isDue(p, now) {
			out[p.function] = true
		}
	}
	return out
}

// asker returns a client of a query function that is a process's. It divides
// large queries, and keeps results if it is to.
func (s *soak) asker(p *process, results bool) *asker {
	memory := bytecache.New(8 << 20)
	reader, err := block.NewReader(bytecache.NewReader(p.store(), memory))
	if err != nil {
		panic(err)
	}
	e := engine.New(reader)
	settings := fanout.DefaultSettings()
	settings.InlineBytes, settings.WorkerBytes, settings.MaxWorkers = 128<<10, 64<<10, 4
	worker := queryworker.New(queryworker.Settings{}, queryworker.Deps{Engine: e, Log: discard()})
	var index blockindex.Index = p.index()
	if s.queryIndex != nil {
		index = s.queryIndex(index)
	}
	d := query.Deps{
		Index: index, Engine: e, Backend: localbackend.New(worker.Answer, p.store(), time.Now),
		Retention: s.retention(p), Now: time.Now, Log: discard(),
	}
	if results {
		kept := resultcache.DefaultSettings()
		kept.MinBytes = 1
		d.Results = resultcache.New(kept, p.store(), memory, time.Now, discard())
	}
	return newAsker(handlerTransport{query.New(query.Settings{Multitenancy: true, Timeout: 25 * time.Second, Fanout: settings}, d)}, "http://query")
}

// anyQuestion is about all services or one, and about a random part of time,
// mostly of the last hours.
func (s *soak) anyQuestion(r *rand.Rand) question {
	q := question{tenant: tenants[r.IntN(len(tenants))], from: s.start.Add(-time.Hour), to: time.Now()}
	if r.IntN(2) == 0 {
		q.service = fmt.Sprint("service-", r.IntN(services))
	}
	if r.IntN(4) > 0 {
		most := []time.Duration{10 * time.Minute, 2 * time.Hour, 12 * time.Hour}[r.IntN(3)]
		q.to = q.to.Add(-time.Duration(r.Int64N(int64(most))))
		q.from = q.to.Add(-time.Duration(r.Int64N(int64(most))))
	}
	q.from, q.to = q.from.Truncate(time.Millisecond), q.to.Truncate(time.Millisecond)
	if r.IntN(2) == 0 { // as data sources do; so that sums over time are used
		q.from, q.to = q.from.Truncate(5*time.Minute), q.to.Truncate(5*time.Minute)
	}
	return q
}

// ask asks a question of a kind.
func (s *soak) ask(kind int) {
	q := s.anyQuestion(s.r)
	cached := s.r.IntN(3) > 0
	step := time.Duration(1+s.r.IntN(24)) * 15 * time.Second
	if s.r.IntN(2) == 0 {
		step = []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour}[s.r.IntN(3)]
	}
	s.spawn("reader", func(p *process) (time.Duration, func(context.Context) error) {
		p.sound = true
		a := s.asked
		if !cached {
			a = s.asker(p, false)
		}
		return time.Hour, func(ctx context.Context) error {
			err := s.putQuestion(ctx, p, a, q, kind, step)
			if err != nil {
				s.truth.failed(fmt.Errorf("%v asks for tenant %s from %v to %v: %w", p, q.tenant, q.from, q.to, err))
			}
			return err
		}
	})
}

func (s *soak) putQuestion(ctx context.Context, p *process, a *asker, q question, kind int, step time.Duration) error {
	switch kind {
	case 0:
		must := s.must(q)
		got, err := a.flameGraph(ctx, q)
		s.judgeValues("flame graph", q, got, must, err)
		return err
	case 1: // as a worker that takes long between the index and the store
		p.pace = time.Second
		q.service = ""
		must := s.must(q)
		got, err := answer(ctx, p, q)
		s.judgeValues("engine", q, got, must, err)
		return err
	case 2:
		covered := q
		covered.from = q.from.Add(time.Millisecond - step)
		covered.to = q.from.Add(q.to.Sub(q.from) / step * step)
		must := s.must(covered)
		got, err := a.points(ctx, q, step)
		if err == nil {
			s.judgePoints(covered, got, must, q.from, step)
		}
		return err
	case 3:
		must := s.must(q)
		got, err := a.pods(ctx, q)
		if err == nil {
			s.judgeLabels("label values", q, got, must, func(p *pushed) string { return p.pod })
		}
		return err
	default:
		must := s.must(q)
		got, err := a.series(ctx, q)
		if err == nil {
			s.judgeLabels("series", q, got, must, func(p *pushed) string { return p.service + "/" + p.pod })
		}
		return err
	}
}
