package block

import (
	"cmp"
	"slices"
)

// sortSeries orders the series of a dataset by their kind and labels and
// renumbers the rows that refer to them; rank is the new position of each kind.
func (d *dataset) sortSeries(rank []int) {
	for i := range d.series {
		d.series[i].kind = rank[d.series[i].kind]
	}
	order := make([]int32, len(d.series))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &d.series[a], &d.series[b]
		return cmp.Or(cmp.Compare(x.kind, y.kind), x.labels.Compare(y.labels))
	})
	place := make([]int32, len(order))
	sorted := make([]series, len(order))
	for r, i := range order {
		place[i] = int32(r)
		sorted[r] = d.series[i]
	}
	d.series = sorted
	for _, p := range d.parts {
		for i := range p.profiles {
			p.profiles[i].series = place[p.profiles[i].series]
		}
	}
}

// sort orders the profiles by series and time, and the samples by series,
// stack trace and time. In this order a stack trace of a series is a run of
// equal numbers, its profiles are neighbours, and its values are what one
// place in the code did over time: all of it compresses well, and the sum for
// a flame graph is a walk along the runs.
func (p *part) sort(series, stacks int) {
	order := make([]int32, len(p.profiles))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &p.profiles[a], &p.profiles[b]
		return cmp.Or(cmp.Compare(x.series, y.series), cmp.Compare(x.time, y.time), slices.Compare(x.id[:], y.id[:]))
	})
	rank := make([]int32, len(order))
	sorted := make([]row, len(order))
	for r, i := range order {
		rank[i] = int32(r)
		sorted[r] = p.profiles[i]
	}
	p.profiles = sorted
	s := &p.samples
	for i, x := range s.profile {
		s.profile[i] = rank[x]
	}
	// Stable counting sorts, the least significant key first.
	by := countingSort(nil, len(rank), s.profile, func(x int32) int32 { return x })
	by = countingSort(by, stacks, s.stack, func(x int32) int32 { return x })
	by = countingSort(by, series, s.profile, func(x int32) int32 { return sorted[x].series })
	s.permute(by)
}

// countingSort returns the positions of keys in the order of their rank, which
// is below n; equal ranks keep the order of from (nil: as they stand).
func countingSort(from []int32, n int, keys []int32, rank func(int32) int32) []int32 {
	at := make([]int32, n+1)
	for _, k := range keys {
		at[rank(k)+1]++
	}
	for i := 1; i <= n; i++ {
		at[i] += at[i-1]
	}
	out := make([]int32, len(keys))
	place := func(i int32) {
		r := rank(keys[i])
		out[at[r]] = i
		at[r]++
	}
	if from == nil {
		for i := range keys {
			place(int32(i))
		}
		return out
	}
	for _, i := range from {
		place(i)
	}
	return out
}

func (s *samples) permute(by []int32) {
	s.profile = permuted(s.profile, by)
	s.stack = permuted(s.stack, by)
	for i := range s.values {
		s.values[i] = permuted(s.values[i], by)
	}
	s.span, s.hi, s.lo = permuted(s.span, by), permuted(s.hi, by), permuted(s.lo, by)
}

func permuted[T any](v []T, by []int32) []T {
	if len(v) == 0 {
		return v
	}
	out := make([]T, len(by))
	for i, x := range by {
		out[i] = v[x]
	}
	return out
}
