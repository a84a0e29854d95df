package block

import (
	"cmp"
	"slices"
)

// seriesOrder returns the positions of series in the order of their kind and
// labels.
func seriesOrder(all []series) []int32 {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &all[a], &all[b]
		return cmp.Or(cmp.Compare(x.kind, y.kind), x.labels.Compare(y.labels))
	})
	return order
}

// sortSeries orders the series of a dataset by their kind and labels and
// renumbers the rows that refer to them; rank is the new position of each kind.
func (d *dataset) sortSeries(rank []int) {
	for i := range d.series {
		d.series[i].kind = rank[d.series[i].kind]
	}
	order := seriesOrder(d.series)
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
	var out samples
	out.permutation(s, sampleOrder(s, sorted, series, stacks))
	*s = out
}

// sampleOrder returns the positions of samples in their order. The profiles
// that they refer to are sorted.
func sampleOrder(s *samples, profiles []row, series, stacks int) []int32 {
	// Stable counting sorts, the least significant key first.
	by := countingSort(nil, len(profiles), s.profile, func(x int32) int32 { return x })
	by = countingSort(by, stacks, s.stack, func(x int32) int32 { return x })
	return countingSort(by, series, s.profile, func(x int32) int32 { return profiles[x].series })
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

// permutation makes s the samples of another in the order of these positions.
func (s *samples) permutation(of *samples, by []int32) {
	s.profile = permuted(s.profile, of.profile, by)
	s.stack = permuted(s.stack, of.stack, by)
	for i := range s.values {
		s.values[i] = permuted(s.values[i], of.values[i], by)
	}
	s.span, s.hi, s.lo = permuted(s.span, of.span, by), permuted(s.hi, of.hi, by), permuted(s.lo, of.lo, by)
}

// permuted writes a column in the order of these positions over out.
func permuted[T any](out, v []T, by []int32) []T {
	if len(v) == 0 {
		return out[:0]
	}
	out = slices.Grow(out[:0], len(by))[:len(by)]
	for i, x := range by {
		out[i] = v[x]
	}
	return out
}

func compareInt64(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
