package pprof

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// stacked is a profile of stacks of locations, each with the value 1. Positions
// of locations count from 0.
func stacked(kind string, stacks ...[]uint32) *Profile {
	p := &Profile{Strings: []string{""}, SampleTypes: []profile.ValueType{{Type: kind, Unit: "count"}}}
	for _, s := range stacks {
		for len(p.Locations) <= int(slices.Max(s)) {
			p.Locations = append(p.Locations, Location{Address: uint64(len(p.Locations) + 1)})
		}
		start := uint32(len(p.Stacks))
		p.Stacks = append(p.Stacks, s...)
		p.Samples = append(p.Samples, Sample{StackStart: start, StackEnd: uint32(len(p.Stacks))})
		p.Values = append(p.Values, 1)
	}
	return p
}

// stack are the locations from leaf to root, both included, of which the root has
// the smallest number.
func stack(leaf, root int) []uint32 {
	var s []uint32
	for at := leaf; at >= root; at-- {
		s = append(s, uint32(at))
	}
	return s
}

func stacksOf(p *Profile) [][]uint32 {
	var all [][]uint32
	for i := range p.Samples {
		all = append(all, p.Stack(i))
	}
	return all
}

func TestStitchGo(t *testing.T) {
	join := slices.Concat[[]uint32]
	for _, c := range []struct {
		name         string
		given, wants [][]uint32
	}{
		{"nothing overlaps", [][]uint32{stack(99, 40), stack(39, 0)}, nil},
		{"the whole stack has what the cut one lacks", [][]uint32{stack(99, 8), stack(63, 0)}, [][]uint32{stack(99, 0), stack(63, 0)}},
		{"a shared part of 16 frames is enough", [][]uint32{stack(99, 8), stack(23, 0)}, [][]uint32{stack(99, 0), stack(23, 0)}},
		{"one of 15 is not", [][]uint32{stack(99, 8), join([]uint32{300}, stack(22, 0))}, nil},
		{"nor do stacks of 23 frames count", [][]uint32{stack(99, 8), stack(22, 0)}, nil},
		{"it lacks 9 frames, and nobody lends so many", [][]uint32{stack(99, 9), stack(63, 0)}, nil},
		{
			"by way of a third", [][]uint32{stack(99, 12), stack(80, 6), stack(63, 0)},
			[][]uint32{stack(99, 0), stack(80, 0), stack(63, 0)},
		},
		{
			"the one that has most lends", [][]uint32{stack(99, 8), join(stack(63, 8), []uint32{201, 200}), stack(63, 3)},
			[][]uint32{stack(99, 3), join(stack(63, 8), []uint32{201, 200}), stack(63, 3)},
		},
		{
			"all of a group, with labels of their own", [][]uint32{stack(99, 8), stack(98, 8), join([]uint32{150}, stack(60, 8)), stack(63, 0)},
			[][]uint32{stack(99, 0), stack(98, 0), join([]uint32{150}, stack(60, 0)), stack(63, 0)},
		},
		{
			"a recursion does not stop the others", [][]uint32{slices.Repeat([]uint32{0}, 64), stack(99, 9), stack(63, 1)},
			[][]uint32{slices.Repeat([]uint32{0}, 64), stack(99, 1), stack(63, 1)},
		},
		{"each lends to the other", [][]uint32{cycle(0), cycle(5)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := stacked("cpu", c.given...)
			p.StitchGo()
			if c.wants == nil {
				c.wants = c.given
			}
			require.Equal(t, c.wants, stacksOf(p))
		})
	}
}

// cycle is a stack of the same few frames again and again.
func cycle(first int) []uint32 {
	var s []uint32
	for i := range 64 {
		s = append(s, uint32((first+i)%10))
	}
	return s
}

// A chain of so many stacks is taken for recursion, although this one ends.
func TestStitchGoGivesUpLongChains(t *testing.T) {
	for _, c := range []struct {
		stacks int
		whole  bool
	}{{stitchChain + 1, true}, {stitchChain + 2, false}} {
		given := [][]uint32{stack(700, 0)}
		for i := 1; i < c.stacks; i++ { // each lacks what the one before has
			given = append(given, stack(8*i+80, 8*i))
		}
		p := stacked("cpu", given...)
		p.StitchGo()
		last := p.Stack(c.stacks - 1)
		require.Equal(t, c.whole, last[len(last)-1] == 0, "%d stacks: %d frames", c.stacks, len(last))
	}
}

// Which of several that have as much lends is Pyroscope's choice: by the bytes of
// the ids, the lowest first. Id 257 is (1, 1) and comes before 2, which is (2, 0).
func TestStitchGoTakesTheSameLenderAsPyroscope(t *testing.T) {
	low := slices.Concat(stack(63, 8), []uint32{256, 90}) // ids 257, 91
	high := slices.Concat(stack(63, 8), []uint32{1, 91})
	p := stacked("cpu", stack(99, 8), high, low)
	p.StitchGo()
	require.Equal(t, slices.Concat(stack(99, 8), []uint32{256, 90}), p.Stack(0))
}

func TestMayBeCut(t *testing.T) {
	for _, c := range []struct {
		kind  string
		depth int
		want  bool
	}{
		{"cpu", 59, false}, {"cpu", 60, true}, {"cpu", 500, true},
		{"inuse_space", 27, false}, {"alloc_objects", 28, true}, {"alloc_space", 32, true}, {"inuse_objects", 33, false},
		{"goroutine", 64, false}, {"delay", 32, false},
	} {
		require.Equal(t, c.want, stacked(c.kind, stack(c.depth-1, 0)).MayBeCut(), "%s %d", c.kind, c.depth)
	}
	require.False(t, (&Profile{}).MayBeCut())
	several := stacked("cpu", stack(40, 0))
	several.SampleTypes = append(several.SampleTypes, profile.ValueType{Type: "inuse_space"})
	require.False(t, several.MayBeCut(), "heap profiles are told first")
}

// Whatever is stitched: no value changes, and each stack keeps its frames and gets
// frames of another one at the root.
func TestStitchGoOnlyAddsFramesAtTheRoot(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var given [][]uint32
		for range 1 + r.IntN(60) {
			s := make([]uint32, 1+r.IntN(100))
			at := uint32(r.IntN(40))
			for i := range s {
				s[i] = at
				if r.IntN(30) > 0 {
					at = (at + 1) % 50 // often the same way on, and around
				} else {
					at = uint32(r.IntN(50))
				}
			}
			given = append(given, s)
		}
		p := stacked("cpu", given...)
		values := slices.Clone(p.Values)
		p.StitchGo()
		require.Equal(t, values, p.Values)
		for i, was := range given {
			is := p.Stack(i)
			require.Equal(t, was, is[:len(was)], "seed %d", seed)
			added := is[len(was):]
			require.True(t, len(added) == 0 || slices.ContainsFunc(given, func(s []uint32) bool {
				return len(s) > len(added) && slices.Equal(s[len(s)-len(added):], added)
			}), "seed %d: %v", seed, added)
		}
	}
}

// A whole tree of calls, cut as Go does it, is a whole tree again.
func TestStitchGoMakesADeepProfileWhole(t *testing.T) {
	const depth, limit = 120, 64
	var cut, whole [][]uint32
	for leaf := 20; leaf < depth; leaf += 4 {
		s := stack(leaf, 0)
		whole = append(whole, s)
		cut = append(cut, s[:min(limit, len(s))])
	}
	p := stacked("cpu", cut...)
	p.StitchGo()
	for i, s := range stacksOf(p) {
		require.Equal(t, whole[i], s, fmt.Sprint(len(cut[i])))
	}
}
