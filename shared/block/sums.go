package block

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// stepUnit is what steps are multiples of: points of time series are placed by
// milliseconds.
const stepUnit = int64(time.Millisecond)

// slicedSteps is how many buckets of time a part of sums has at most: at 5
// minutes those of 6 hours. With fewer, sums take more room.
const slicedSteps = 72

// bucketStart returns the start of the bucket to which a time belongs, Unix
// nanoseconds. As a point of a time series does, a bucket covers the time after
// a multiple of the step, rounded down to milliseconds, up to and including the
// next: from one millisecond behind the multiple on.
func bucketStart(t, step int64) int64 {
	x := t - stepUnit
	if x < 0 {
		return 0 // the bucket that begins before 1970
	}
	return x - x%step + stepUnit
}

// sumsOf returns a description of sums over these steps, without bytes.
func sumsOf(steps []time.Duration) ([]StepSums, error) {
	var out []StepSums
	for i, s := range steps {
		if s <= 0 || int64(s)%stepUnit != 0 || i > 0 && (s <= steps[i-1] || s%steps[i-1] != 0) {
			return nil, fmt.Errorf("sums over steps of %v: they are not whole milliseconds, each a divisor of the next", steps)
		}
		out = append(out, StepSums{Step: int64(s)})
	}
	return out, nil
}

// summer adds the profiles of a kind of an entry up by bucket, series and stack
// trace.
type summer struct {
	step    int64
	buckets []row // the time is the start; the duration is how many profiles there are
	sums    samples
	of      []int32 // by profile: its bucket
	sorted  samples
}

// add adds a part, whose rows are in their order: what goes into one sum are
// neighbours.
func (s *summer) add(profiles []row, from *samples) {
	first := len(s.buckets)
	s.of = s.of[:0]
	for i := range profiles {
		p := &profiles[i]
		start := bucketStart(p.time, s.step)
		if n := len(s.buckets); n == first || s.buckets[n-1].series != p.series || s.buckets[n-1].time != start {
			s.buckets = append(s.buckets, row{series: p.series, time: start})
		}
		b := &s.buckets[len(s.buckets)-1]
		b.duration++
		for v, x := range p.totals {
			b.totals[v] += x
		}
		s.of = append(s.of, int32(len(s.buckets)-1))
	}
	s.sums.appendSums(from, func(profile int32) int32 { return s.of[profile] })
}

// appendSums appends samples of which neighbours of one bucket and stack trace
// become one.
func (s *samples) appendSums(from *samples, bucket func(profile int32) int32) {
	for i := 0; i < len(from.stack); {
		b, stack := bucket(from.profile[i]), from.stack[i]
		var sum [MaxValues]int64
		for ; i < len(from.stack) && from.stack[i] == stack && bucket(from.profile[i]) == b; i++ {
			for v, column := range from.values {
				if len(column) > 0 {
					sum[v] += column[i]
				}
			}
		}
		s.profile, s.stack = append(s.profile, b), append(s.stack, stack)
		for v, column := range from.values {
			if len(column) > 0 {
				s.values[v] = append(s.values[v], sum[v])
			}
		}
	}
}

// slice is the number of the part to which a bucket belongs.
func (s *summer) slice(b *row) int64 { return b.time / (slicedSteps * s.step) }

// combine brings buckets and sums into the order of their parts and adds up what
// is one; series and stacks is how many there are of each.
func (s *summer) combine(series, stacks int) {
	order := make([]int32, len(s.buckets))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(x, y *row) int {
		return cmp.Or(cmp.Compare(s.slice(x), s.slice(y)), cmp.Compare(x.series, y.series), cmp.Compare(x.time, y.time))
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(&s.buckets[a], &s.buckets[b]) })
	place := make([]int32, len(order))
	var buckets []row
	var slice []int32 // of each bucket, counted from 0
	for _, i := range order {
		b := &s.buckets[i]
		n := len(buckets)
		if n > 0 && compare(&buckets[n-1], b) == 0 {
			last := &buckets[n-1]
			last.duration += b.duration
			for v, x := range b.totals {
				last.totals[v] += x
			}
			place[i] = int32(n - 1)
			continue
		}
		at := int32(0)
		if n > 0 {
			at = slice[n-1]
			if s.slice(&buckets[n-1]) != s.slice(b) {
				at++
			}
		}
		buckets, slice, place[i] = append(buckets, *b), append(slice, at), int32(n)
	}
	s.buckets = append(s.buckets[:0], buckets...)
	for i, b := range s.sums.profile {
		s.sums.profile[i] = place[b]
	}
	if len(buckets) == 0 {
		return
	}
	by := sampleOrder(&s.sums, s.buckets, series, stacks)
	by = countingSort(by, int(slice[len(slice)-1])+1, s.sums.profile, func(b int32) int32 { return slice[b] })
	s.sorted.permutation(&s.sums, by)
	s.sums.reset()
	s.sums.appendSums(&s.sorted, func(b int32) int32 { return b })
}

// sum adds a part of a kind to the sums of the entry. They are written when the
// kind or the entry ends, or if they are so many that they would be a part.
func (d *mergedDataset) sum(kind int, profiles []row, s *samples) error {
	b := &d.buf
	for len(b.sums) < len(d.out.meta.Sums) {
		b.sums = append(b.sums, summer{step: d.out.meta.Sums[len(b.sums)].Step})
	}
	d.summing = kind
	for step := range b.sums {
		at := &b.sums[step]
		if at.add(profiles, s); len(at.sums.stack) <= d.opts.PartSamples {
			continue
		}
		if d.combine(at); len(at.sums.stack) <= d.opts.PartSamples/2 {
			continue
		}
		if err := d.writeSums(step); err != nil {
			return err
		}
	}
	return nil
}

// combine combines sums of the shard that is being written.
func (d *mergedDataset) combine(s *summer) {
	s.combine(len(d.series[d.current.ref.Shard]), len(d.current.stacks.Parents))
}

// flushSums writes the sums that were gathered.
func (d *mergedDataset) flushSums() error {
	for step := range d.buf.sums {
		if len(d.buf.sums[step].buckets) == 0 {
			continue
		}
		d.combine(&d.buf.sums[step])
		if err := d.writeSums(step); err != nil {
			return err
		}
	}
	return nil
}

// writeSums writes sums of a step, which are combined, as one part for each of
// their slices of time.
func (d *mergedDataset) writeSums(step int) error {
	s := &d.buf.sums[step]
	for from, sum := 0, 0; from < len(s.buckets); {
		to, end := from, sum
		for to < len(s.buckets) && s.slice(&s.buckets[to]) == s.slice(&s.buckets[from]) {
			to++
		}
		for end < len(s.sums.stack) && int(s.sums.profile[end]) < to {
			s.sums.profile[end] -= int32(from)
			end++
		}
		if err := d.current.sumsPart(step, d.summing, s.buckets[from:to], s.sums.part(sum, end)); err != nil {
			return err
		}
		from, sum = to, end
	}
	s.buckets = s.buckets[:0]
	s.sums.reset()
	return nil
}

// part returns some of the samples, in the same memory.
func (s *samples) part(from, to int) *samples {
	out := &samples{profile: s.profile[from:to], stack: s.stack[from:to]}
	for v, column := range s.values {
		if len(column) > 0 {
			out.values[v] = column[from:to]
		}
	}
	return out
}
