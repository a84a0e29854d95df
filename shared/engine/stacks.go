package engine

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// needStacks is what a query of stack traces reads beside their symbols.
func needStacks(q *Query) block.Need {
	need := block.NeedSamples
	if needsSeries(q.Selector) {
		need |= block.NeedSeries | block.NeedProfiles | block.NeedOwners
	}
	if q.Profiles != nil {
		need |= block.NeedProfiles | block.NeedOwners | block.NeedIDs
	}
	if q.selectsSpans() {
		need |= block.NeedSpans
	}
	return need
}

// summer adds values up by the nodes of a dataset's stack-trace tree. It is
// kept between datasets for its memory.
type summer struct {
	sums   []int64 // of the stack traces that end at the node
	totals []int64 // with those below it; 0 for nodes that are not part of the answer
	wanted []bool  // by profile of a part
	site   siteMatcher
}

// sum fills sums and totals for a dataset and reports whether there is
// anything.
func (s *summer) sum(q *Query, dec *block.Decoder, d *block.Dataset) (bool, error) {
	sel, err := selectSeries(q, dec, d)
	if err != nil || sel.none() {
		return false, err
	}
	s.sums = zeros(s.sums, d.NumStacks())
	for _, p := range d.Parts {
		if err := s.part(q, dec, p, &sel); err != nil {
			return false, err
		}
	}
	if len(q.CallSite) > 0 {
		begins, err := s.site.match(q.CallSite, dec, d)
		if err != nil {
			return false, err
		}
		for i := range s.sums {
			if !begins[i] {
				s.sums[i] = 0
			}
		}
	}
	return slices.ContainsFunc(s.sums, func(v int64) bool { return v != 0 }), nil
}

// part adds the samples of a part.
func (s *summer) part(q *Query, dec *block.Decoder, p *block.Part, sel *selected) error {
	whole := sel.all && p.Whole() && q.Profiles == nil
	if !whole {
		any, err := s.wantProfiles(q, dec, p, sel)
		if err != nil || !any {
			return err
		}
	}
	stacks, values, err := p.Samples(dec)
	if err != nil {
		return err
	}
	if q.selectsSpans() {
		if err := keepSpans(q, dec, p, values); err != nil {
			return err
		}
	}
	if whole {
		sumRuns(s.sums, stacks, values)
		return nil
	}
	owners, err := p.Owners(dec)
	if err != nil {
		return err
	}
	for i, owner := range owners {
		if s.wanted[owner] {
			s.sums[stacks[i]] += values[i]
		}
	}
	return nil
}

// sumRuns adds values to the sums of their stacks. Equal stacks are neighbours,
// so a run is added up in a register.
func sumRuns(sums []int64, stacks []int32, values []int64) {
	values = values[:len(stacks)]
	for i := 0; i < len(stacks); {
		stack, sum := stacks[i], values[i]
		for i++; i < len(stacks) && stacks[i] == stack; i++ {
			sum += values[i]
		}
		sums[stack] += sum
	}
}

// wantProfiles says for each profile of a part whether its series and its id
// are selected and its time in range.
func (s *summer) wantProfiles(q *Query, dec *block.Decoder, p *block.Part, sel *selected) (any bool, err error) {
	series, times, err := p.Profiles(dec)
	if err != nil {
		return false, err
	}
	ids, err := profileIDs(q.Profiles != nil, dec, p)
	if err != nil {
		return false, err
	}
	s.wanted = append(s.wanted[:0], make([]bool, len(times))...)
	for i, t := range times {
		if p.Selects(t) && (sel.all || sel.series[series[i]]) && (q.Profiles == nil || q.Profiles[ids[i]]) {
			s.wanted[i] = true
			any = true
		}
	}
	return any, nil
}

// profileIDs reads the ids of a part's profiles if they are wanted.
func profileIDs(wanted bool, dec *block.Decoder, p *block.Part) ([]profile.ID, error) {
	if !wanted {
		return nil, nil
	}
	return p.IDs(dec)
}

// keepSpans sets the values of samples of other spans and traces to zero.
func keepSpans(q *Query, dec *block.Decoder, p *block.Part, values []int64) error {
	spans, hi, lo, err := p.Spans(dec)
	if err != nil {
		return err
	}
	for i := range spans {
		if !q.selectsSpan(spans[i], hi[i], lo[i]) {
			values[i] = 0
		}
	}
	return nil
}

// addUp fills totals: what each node and all below it have.
func (s *summer) addUp(parents []int32) {
	s.totals = append(s.totals[:0], s.sums...)
	for i := len(parents) - 1; i > 0; i-- {
		if v := s.totals[i]; v != 0 {
			s.totals[parents[i]] += v
		}
	}
}

// zeros returns n zeros, in s if it has room.
func zeros(s []int64, n int) []int64 {
	if cap(s) < n {
		return make([]int64, n)
	}
	s = s[:n]
	clear(s)
	return s
}
