package pprof_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestEncodeGivesTheProfileBack(t *testing.T) {
	bodies := fixtures(t)
	bodies["all fields"] = body(
		sub(2, packed(1, 2, 1), packed(2, 1<<63), sub(3, num(1, sKey), num(2, sValue)), sub(3, num(1, sKey), num(3, 5))),
		sub(2, packed(2, 1)), sample(0, 1))
	bodies["no samples"] = body()
	for name, data := range bodies {
		t.Run(name, func(t *testing.T) {
			p := decode(t, data)
			prefix := []byte("before")
			out := p.AppendEncode(prefix)
			require.Equal(t, "before", string(out[:6]))
			again := decode(t, out[6:])
			require.Equal(t, noNil(p), noNil(again))
			require.Equal(t, out[6:], again.AppendEncode(nil))
		})
	}
}

// A profile may name types that its string table does not hold.
func TestEncodeAddsMissingStrings(t *testing.T) {
	for _, table := range [][]string{nil, {""}, {"", "count"}} {
		p := &pprof.Profile{
			SampleTypes:       []profile.ValueType{{Type: "objects", Unit: "count"}, {Type: "space", Unit: "bytes"}},
			PeriodType:        profile.ValueType{Type: "space", Unit: "bytes"},
			DefaultSampleType: "objects",
			Strings:           table,
		}
		again := decode(t, p.AppendEncode(nil))
		require.Equal(t, p.SampleTypes, again.SampleTypes)
		require.Equal(t, p.PeriodType, again.PeriodType)
		require.Equal(t, p.DefaultSampleType, again.DefaultSampleType)
		require.Len(t, again.Strings, 5)
	}
}

// The estimate of the size is up to two thirds too high, never too low: then
// the buffer would grow on the way, and cost more than twice the result.
func TestEncodeAllocatesItsBytesOnce(t *testing.T) {
	for name, data := range fixtures(t) {
		p := decode(t, data)
		var out []byte
		n := allocated(func() { out = p.AppendEncode(nil) })
		require.Less(t, n, uint64(2*len(out)+4096), name)
	}
}
