package pprof

import (
	"cmp"
	"math/bits"
	"slices"
)

// The measures of Pyroscope's repair, in frames.
const (
	stitchRoot    = 24 // what is next to the root; shorter stacks neither lack nor lend anything
	stitchOverlap = 16 // what two stacks must share in a row
	stitchShifts  = stitchRoot - stitchOverlap
	stitchChain   = 56 // stacks of which each lends to the one before; more is deep recursion
)

// Depths in frames, from which on, and below which, profiles have stacks that Go's
// runtime may have cut. It keeps the 64 next to the leaf in CPU profiles, and kept
// 32 in heap profiles up to Go 1.22, some of which it leaves out again.
const (
	cutHeapFrom, cutHeapBelow = 32 - 4, 33
	cutCPUFrom                = 64 - 4
)

// StitchGo gives stacks of a Go profile that were cut off the frames at the root
// that they lack, if another stack of the profile has them: one in which the 16
// frames next to the root of the first are found up to 8 frames higher, the higher
// the better. What that one lacks itself, others may have. Samples that are the
// same afterwards stay apart until [Profile.Normalize], before which it must be
// called, as Pyroscope does on write. It is for profiles of Go that [Profile.MayBeCut].
func (p *Profile) StitchGo() {
	s := stitcher{p: p}
	s.group()
	if len(s.groups) < 2 || !s.link() {
		return
	}
	s.stitch()
}

// MayBeCut reports whether stacks are so deep that Go's runtime may have cut some.
func (p *Profile) MayBeCut() bool {
	from, below := 0, int(^uint(0)>>1)
	for _, t := range p.SampleTypes {
		switch t.Type {
		case "alloc_objects", "alloc_space", "inuse_objects", "inuse_space":
			from, below = cutHeapFrom, cutHeapBelow
		case "cpu":
			if from == 0 {
				from = cutCPUFrom
			}
		}
	}
	deepest := 0
	for i := range p.Samples {
		deepest = max(deepest, len(p.Stack(i)))
	}
	return from > 0 && deepest >= from && deepest < below
}

type stitcher struct {
	p       *Profile
	samples []int // of stacks that are deep enough, those of a group in a row
	groups  []stackGroup
}

// rootFrames are the frames next to the root, which is the last one.
type rootFrames [stitchRoot]uint32

// stackGroup is the stacks with the same frames next to the root.
type stackGroup struct {
	root     rootFrames
	from, to int // of stitcher.samples
	lender   loan
}

// loan is the frames at the root that a group has below what it shares with
// another one.
type loan struct {
	group, frames int // frames is 0 if there is none
}

// group finds the groups, in Pyroscope's order, which decides if several could
// lend as much: that of the bytes of the ids that Go's profiles give to locations.
func (s *stitcher) group() {
	for i := range s.p.Samples {
		if len(s.p.Stack(i)) >= stitchRoot {
			s.samples = append(s.samples, i)
		}
	}
	root := func(sample int) []uint32 {
		stack := s.p.Stack(sample)
		return stack[len(stack)-stitchRoot:]
	}
	slices.SortStableFunc(s.samples, func(a, b int) int {
		return slices.CompareFunc(root(a), root(b), func(x, y uint32) int {
			return cmp.Compare(bits.ReverseBytes64(uint64(x)+1), bits.ReverseBytes64(uint64(y)+1))
		})
	})
	for i, sample := range s.samples {
		frames := rootFrames(root(sample))
		if n := len(s.groups); n == 0 || s.groups[n-1].root != frames {
			s.groups = append(s.groups, stackGroup{root: frames, from: i})
		}
		s.groups[len(s.groups)-1].to = i + 1
	}
}

// link finds for each group the one that lends to it. It reports whether there is
// any.
func (s *stitcher) link() bool {
	best := make(map[[stitchOverlap]uint32]loan, stitchShifts*len(s.groups))
	for i, g := range s.groups {
		for shift := 1; shift <= stitchShifts; shift++ {
			at := stitchShifts - shift
			shared := [stitchOverlap]uint32(g.root[at : at+stitchOverlap])
			if shift > best[shared].frames {
				best[shared] = loan{i, shift}
			}
		}
	}
	found := false
	for i := range s.groups {
		g := &s.groups[i]
		if l := best[[stitchOverlap]uint32(g.root[stitchShifts:])]; l.frames > 0 && l.group != i {
			g.lender, found = l, true
		}
	}
	return found
}

// stitch gives each group what the last of its chain of lenders has at the root. A
// chain that is too long ends it: what comes later stays as it is.
func (s *stitcher) stitch() {
	for _, g := range s.groups {
		l, lacks := g.lender, 0
		for links := 0; l.frames > 0; {
			lacks += l.frames
			next := s.groups[l.group].lender
			if next.frames == 0 {
				break
			}
			l = next
			if links++; links == stitchChain {
				return
			}
		}
		if lacks > 0 {
			s.lend(g, s.groups[l.group], lacks)
		}
	}
}

// lend puts the last frames of a group below the stacks of another, if it has so
// many. Of its stacks the deepest lends; beyond the frames that all of them share,
// Pyroscope takes any.
func (s *stitcher) lend(to, from stackGroup, frames int) {
	p := s.p
	lender := slices.MaxFunc(s.samples[from.from:from.to], func(a, b int) int {
		return cmp.Compare(len(p.Stack(a)), len(p.Stack(b)))
	})
	stack := p.Stack(lender)
	if frames >= len(stack) {
		return
	}
	lent := stack[len(stack)-frames:]
	for _, i := range s.samples[to.from:to.to] {
		start := uint32(len(p.Stacks))
		p.Stacks = append(append(p.Stacks, p.Stack(i)...), lent...)
		p.Samples[i].StackStart, p.Samples[i].StackEnd = start, uint32(len(p.Stacks))
	}
}
