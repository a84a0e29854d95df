package simulation

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// history is one life of a deployment.
type history struct {
	*world
	compactor *process // the last one: one at a time
	schedule  []*appointment
}

// appointment is something that is done again and again.
type appointment struct {
	at    time.Time
	every func() time.Duration
	do    func()
}

// outcome is what is known of a history at its end.
type outcome struct {
	violations []violation
	profiles   int // pushed
	calls      int // that took place
}

// live runs the history of a seed in a bubble of its own.
func live(t *testing.T, s *shared, seed uint64, b sabotage, log func(string, ...any)) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, s, seed, b)
		w.stage.log = log
		h := &history{world: w}
		time.Sleep(time.Duration(w.r.Int64N(int64(24 * time.Hour))))
		h.busy()
		h.calm()
		h.late()
		o = outcome{w.truth.violations(), len(w.truth.profiles), w.stage.took}
	})
	return o
}

// always and between are times from one appointment to the next.
func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func (h *history) between(least, most time.Duration) func() time.Duration {
	return func() time.Duration { return least + time.Duration(h.r.Int64N(int64(most-least))) }
}

func (h *history) appoint(every func() time.Duration, do func()) {
	h.schedule = append(h.schedule, &appointment{time.Now().Add(every()), every, do})
}

// run lets things happen until done says so. It is asked between two calls.
func (h *history) run(done func() bool) {
	for !done() {
		next := time.Now().Add(time.Hour)
		for _, a := range h.schedule {
			if !time.Now().Before(a.at) {
				a.at = time.Now().Add(a.every())
				a.do()
			}
			if a.at.Before(next) {
				next = a.at
			}
		}
		h.stage.step(next)
	}
}

// busy is while clients push and things go wrong.
func (h *history) busy() {
	if h.r.IntN(8) > 0 {
		h.stage.mood = mood{
			crash: h.r.Float64() * 0.01, fail: h.r.Float64() * 0.05, slow: h.r.Float64() * 0.1,
		}
	}
	for i := range 2 + h.r.IntN(3) {
		n, r := 2+h.r.IntN(10), rand.New(rand.NewPCG(h.seed, uint64(100+i)))
		h.clients.Add(1)
		h.background(func() {
			defer h.clients.Add(-1)
			h.client(i+1, n, r)
		})
	}
	h.appoint(always(time.Minute), h.drainAll)
	h.appoint(always(time.Minute), func() { h.compactOnce(h.r.IntN(5) == 0) })
	h.appoint(h.between(5*time.Second, 3*time.Minute), func() { h.spawn("reader", h.read) })
	h.run(func() bool { return h.clients.Load() == 0 })
}

// drainAll starts a drainer for each queue, and at times one more.
func (h *history) drainAll() {
	for i := range h.queues {
		for range 1 + max(0, h.r.IntN(5)-2) {
			h.spawn("drainer", func(p *process) (time.Duration, func(context.Context) error) { return h.drain(p, i) })
		}
	}
}

func (h *history) compactOnce(sweeps bool) {
	if h.compactor != nil && !h.stage.isDead(h.compactor) {
		return
	}
	h.compactor = h.spawn("compactor", func(p *process) (time.Duration, func(context.Context) error) { return h.compact(p, sweeps) })
}

// calm is when nothing goes wrong any more: what was acknowledged is there.
func (h *history) calm() {
	h.stage.mood = mood{}
	end := time.Now().Add(2 * time.Hour)
	h.run(func() bool { return h.empty() || time.Now().After(end) })
	if !h.empty() {
		h.truth.violated(lost, "the queues are not empty after two hours")
	}
	h.rest()
	h.askAll()
}

// late is hours later, when everything is merged and swept.
func (h *history) late() {
	h.appoint(always(10*time.Minute), func() { h.compactOnce(true) })
	end := time.Now().Add(5 * time.Hour)
	h.run(func() bool { return time.Now().After(end) })
	h.rest()
	h.askAll()
	h.tidy()
}

// rest waits until nothing is under way, and ends the schedule.
func (h *history) rest() {
	h.schedule = nil
	h.run(func() bool { return h.active.Load() == 0 })
}

// askAll compares all that there is with what must be.
func (h *history) askAll() {
	for _, tenant := range tenants {
		h.spawn("reader", func(p *process) (time.Duration, func(context.Context) error) {
			p.sound = true
			return time.Hour, func(ctx context.Context) error {
				must := h.truth.acknowledged(tenant)
				for function := range h.truth.seen(everything(tenant)) {
					must[function] = true
				}
				h.ask(ctx, p, everything(tenant), must)
				return nil
			}
		})
	}
	h.rest()
}

// tidy checks that there is no block without a row.
func (h *history) tidy() {
	for _, tenant := range tenants {
		rows, err := h.index.All(h.t.Context(), tenant)
		if err != nil {
			h.truth.failed(err)
		}
		known := make(map[string]bool)
		for i := range rows {
			m, err := block.ParseMeta(rows[i].Detail)
			if err != nil {
				h.truth.failed(err)
				continue
			}
			for _, key := range m.Keys() {
				known[key] = true
			}
		}
		objects, err := h.store.List(h.t.Context(), block.Prefix(tenant), "", objstore.MaxListKeys)
		if err != nil {
			h.truth.failed(err)
		}
		for _, o := range objects {
			if !known[o.Key] {
				h.truth.violated(foreign, "block %s has no row", o.Key)
			}
		}
	}
	for _, key := range h.store.Reused() {
		if !strings.Contains(key, "/inbox/") { // a profile that is pushed again may be put there again
			h.truth.violated(foreign, "key %s was used twice", key)
		}
	}
}
