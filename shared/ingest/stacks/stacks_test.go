package stacks_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var (
	sampleType = profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	periodType = profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
)

// add adds a stack of names, from the root.
func add(b *stacks.Builder, value int64, names ...string) error {
	var ids []stacks.FrameID
	for _, n := range names {
		ids = append(ids, b.Frame(stacks.Frame{Name: n}))
	}
	return b.Add(ids, value)
}

func TestEqualStacksBecomeOne(t *testing.T) {
	b := stacks.NewBuilder(pprof.DefaultLimits())
	require.NoError(t, add(b, 1, "a", "b"))
	require.NoError(t, add(b, 2, "b", "a"))
	require.NoError(t, add(b, 3, "a", "b"))
	require.NoError(t, add(b, 4, "a"))
	require.NoError(t, add(b, 5))
	require.NoError(t, add(b, 0, "zero"))
	require.NoError(t, add(b, -1, "negative"))
	require.NoError(t, add(b, math.MaxInt64, "much"))
	require.NoError(t, add(b, 1, "much"))
	p := b.Profile(sampleType, periodType)
	require.Equal(t, "a;b 4\nb;a 2\na 4\nmuch 9223372036854775807\n", stackstest.Lines(p))
	require.Equal(t, []profile.ValueType{sampleType}, p.SampleTypes)
	require.Equal(t, periodType, p.PeriodType)
}

// What is built is a profile that can be normalised, encoded and decoded.
func TestProfileIsValid(t *testing.T) {
	b := stacks.NewBuilder(pprof.DefaultLimits())
	main := b.Frame(stacks.Frame{Name: "main", File: "main.go", Line: 3})
	bad := b.Frame(stacks.Frame{Name: "bad\xff"})
	require.NotEqual(t, main, b.Frame(stacks.Frame{Name: "main", File: "main.go", Line: 4}))
	require.Equal(t, bad, b.Frame(stacks.Frame{Name: "bad\xff"}))
	require.NoError(t, b.Add([]stacks.FrameID{main, bad}, 7))
	p := b.Profile(sampleType, periodType)
	p.Normalize()
	again, err := pprof.Decode(p.AppendEncode(nil), pprof.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, "main;bad\uFFFD 7\n", stackstest.Lines(again))
	line := again.Lines[again.Locations[again.Stack(0)[1]].FirstLine]
	require.EqualValues(t, 3, line.Line)
	require.Equal(t, "main.go", again.Strings[again.Functions[line.Function].Filename])
}

func TestLimits(t *testing.T) {
	b := stacks.NewBuilder(pprof.Limits{MaxStackDepth: 2, MaxSymbolBytes: 3})
	require.Equal(t, 2, b.MaxDepth())
	require.NoError(t, add(b, 1, "root", "a", "b"))
	require.NoError(t, add(b, 1, "root", "a", "c"))
	require.Equal(t, "oot;a 2\n", stackstest.Lines(b.Profile(sampleType, periodType)))

	b = stacks.NewBuilder(pprof.Limits{MaxSamples: 1})
	require.NoError(t, add(b, 1, "a"))
	require.NoError(t, add(b, 1, "a"))
	require.ErrorIs(t, add(b, 1, "b"), pprof.ErrTooLarge)

	b = stacks.NewBuilder(pprof.Limits{MaxBytes: 100})
	err := add(b, 1, strings.Repeat("x", 101))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
	require.ErrorContains(t, err, "MaxBytes")
}

// The size that is counted never exceeds the size of the pprof: nothing is
// refused that would have been accepted as a pprof.
func TestSizeIsNoMoreThanTheEncoding(t *testing.T) {
	build := func(limit int64) (*stacks.Builder, error) {
		b := stacks.NewBuilder(pprof.Limits{MaxBytes: limit})
		for i := range 100 {
			if err := add(b, 1, "f", fmt.Sprint(i), fmt.Sprint(i/2), fmt.Sprint(i%7)); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	b, err := build(0)
	require.NoError(t, err)
	size := int64(len(b.Profile(sampleType, periodType).AppendEncode(nil)))
	_, err = build(size)
	require.NoError(t, err)
	_, err = build(size / 2)
	require.ErrorIs(t, err, pprof.ErrTooLarge)
}
