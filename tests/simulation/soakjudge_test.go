package simulation

import (
	"time"
)

// judgeValues judges values by function.
func (s *soak) judgeValues(kind string, q question, got map[string]int64, must map[string]bool, err error) {
	if err != nil {
		return
	}
	s.count(kind, len(got))
	s.truth.compare(q, got, must)
}

// count counts an answer.
func (s *soak) count(kind string, values int) {
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	s.figures.answers[kind]++
	s.figures.values += values
}

// judgePoints judges values by service and time: each lies between the sum of
// what must be there and the sum of what was pushed.
func (s *soak) judgePoints(covered question, got map[string]map[int64]int64, must map[string]bool, start time.Time, step time.Duration) {
	type place struct {
		service string
		at      int64
	}
	want := make(map[place]*bounds)
	s.count("points", 0)
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	for _, p := range s.truth.profiles {
		if !covered.asksFor(p) {
			continue
		}
		steps := int64(0) // from the start to the point that covers it
		if late := p.at.Sub(start); late > 0 {
			steps = int64((late + step - 1) / step)
		}
		at := place{p.service, start.Add(time.Duration(steps) * step).UnixMilli()}
		b := want[at]
		if b == nil {
			b = new(bounds)
			want[at] = b
		}
		b.add(p, must)
	}
	for service, points := range got {
		for at, v := range points {
			s.figures.values++
			switch b := want[place{service, at}]; {
			case b == nil:
				s.truth.violated(foreign, "a point of %s at %v of tenant %s", service, time.UnixMilli(at), covered.tenant)
			case v > b.most:
				s.truth.violated(doubled, "the point of %s at %v of tenant %s: %d of %d", service, time.UnixMilli(at), covered.tenant, v, b.most)
			}
		}
	}
	for at, b := range want {
		if v := got[at.service][at.at]; v < b.least {
			s.truth.violated(lost, "the point of %s at %v of tenant %s: %d, at least %d", at.service, time.UnixMilli(at.at), covered.tenant, v, b.least)
		}
	}
}

// judgeLabels judges names of profiles: all that must be there are, and no
// others than those that were pushed. An answer of labels may have those of the
// whole of a block.
func (s *soak) judgeLabels(kind string, q question, got, must map[string]bool, name func(*pushed) string) {
	s.count(kind, len(got))
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	always := question{tenant: q.tenant, from: time.Unix(0, 0), to: time.Now().Add(time.Hour), service: q.service}
	known := make(map[string]bool)
	for _, p := range s.truth.profiles {
		if always.asksFor(p) {
			known[name(p)] = true
		}
		if must[p.function] && !got[name(p)] {
			s.truth.violated(lost, "%s %s of tenant %s from %v to %v", kind, name(p), q.tenant, q.from, q.to)
		}
	}
	for n := range got {
		if !known[n] {
			s.truth.violated(foreign, "%s %s of tenant %s", kind, n, q.tenant)
		}
	}
}
