package block

import (
	"slices"
	"time"
)

// interval is a time, Unix nanoseconds, inclusive.
type interval struct{ from, to int64 }

// overlapping returns the intervals that have something from from to to.
func overlapping(all []interval, from, to int64) (out []interval) {
	for _, x := range all {
		if x.from <= to && from <= x.to {
			out = append(out, x)
		}
	}
	return out
}

// sources says from what the time of a request is read.
type sources struct {
	profiles []interval
	sums     map[int64][]interval // by step
}

// steps returns the steps of the block's sums that are wanted, the longest
// first.
func (m *Meta) steps(wanted func(int64) bool) (out []StepSums) {
	for _, s := range m.Sums {
		if wanted != nil && wanted(s.Step) {
			out = append(out, s)
		}
	}
	slices.Reverse(out)
	return out
}

// sources says from what a time is read of a volume, which m describes as if it
// were a block, if sums over these steps may be used, the longest first: as much
// as possible from the longest, and what is left of buckets that are cut from
// the next, at last from profiles. Sums that take more bytes than the profiles for
// which they stand are left alone.
func (m *Meta) sources(from, to int64, steps []StepSums) sources {
	if len(steps) == 0 {
		return sources{profiles: overlapping([]interval{{from, to}}, m.MinTime, m.MaxTime)}
	}
	// Where the request has all that there is, no bucket is cut.
	longest := steps[0].Step
	if from <= m.MinTime {
		from = bucketStart(m.MinTime, longest)
	}
	if to >= m.MaxTime {
		to = bucketStart(m.MaxTime, longest) + longest - 1
	}
	left := []interval{{from, to}}
	out := sources{sums: make(map[int64][]interval)}
	for _, step := range steps {
		var rest []interval
		for _, x := range left {
			whole := wholeBuckets(x, step.Step)
			if whole.from > whole.to || !m.saves(step, whole) {
				rest = append(rest, x)
				continue
			}
			out.sums[step.Step] = append(out.sums[step.Step], whole)
			for _, y := range []interval{{x.from, whole.from - 1}, {whole.to + 1, x.to}} {
				if y.from <= y.to {
					rest = append(rest, y)
				}
			}
		}
		left = rest
	}
	out.profiles = overlapping(left, m.MinTime, m.MaxTime)
	return out
}

// saves reports whether about fewer bytes of sums are read for a time than of
// profiles.
func (m *Meta) saves(s StepSums, x interval) bool {
	span := float64(m.MaxTime - m.MinTime + 1)
	length := float64(min(x.to, m.MaxTime) - max(x.from, m.MinTime) + 1)
	profiles := float64(m.SectionBytes(ProfilesSection)+m.SectionBytes(SamplesSection)) * length / span
	return m.read(s, x) < profiles
}

// read is about how many bytes of sums are read for a time: parts as a whole.
func (m *Meta) read(s StepSums, x interval) float64 {
	part := slicedSteps * s.Step
	span, length := m.MaxTime-m.MinTime+1, min(x.to, m.MaxTime)-max(x.from, m.MinTime)+part
	return float64(s.Bytes) * min(1, float64(length)/float64(span))
}

// wholeBuckets returns the time of the buckets that lie in a time as a whole; if
// there are none it ends before it begins.
func wholeBuckets(x interval, step int64) interval {
	first := bucketStart(max(x.from, 0), step)
	if first == 0 { // the bucket that begins before 1970 is never whole
		first = stepUnit
	}
	if first < x.from {
		first += step
	}
	end := bucketStart(max(x.to, 0)+1, step)
	return interval{first, end - 1}
}

// slack is by how much the profiles that are read reach beyond a time on each
// side, at most: they are read part by part.
const slack = int64(15 * time.Minute)

// Share is about how much of the block is read for the profiles from from to to,
// if sums over these steps may be used (nil: none): which part of its profiles,
// and how many bytes of sums.
func (m *Meta) Share(from, to int64, wanted func(step int64) bool) (profiles, sums float64) {
	steps := m.steps(wanted)
	if len(steps) == 0 {
		return m.overlap(interval{from, to}), 0
	}
	got := m.sources(from, to, steps)
	for _, x := range got.profiles {
		profiles += m.overlap(x)
	}
	for _, s := range m.Sums {
		for _, x := range got.sums[s.Step] {
			sums += m.read(s, x)
		}
	}
	return min(profiles, 1), sums
}

// overlap is about which part of the block is read for the profiles of a time.
func (m *Meta) overlap(x interval) float64 {
	if x.from <= m.MinTime && x.to >= m.MaxTime {
		return 1
	}
	length := min(x.to, m.MaxTime) - max(x.from, m.MinTime) + slack
	return max(0, min(1, float64(length)/float64(m.MaxTime-m.MinTime+1)))
}
