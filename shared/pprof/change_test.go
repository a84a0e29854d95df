package pprof_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestKeepSampleTypes(t *testing.T) {
	for seed := range uint64(300) {
		p := random(rand.New(rand.NewPCG(seed, 2)))
		before := clone(p)
		for _, keep := range []string{"ab", "a", "b", ""} {
			got := clone(before)
			got.KeepSampleTypes(func(t profile.ValueType) bool { return slices.Contains([]byte(keep), t.Type[0]) })
			var types []profile.ValueType
			var totals []int64
			for i, t := range before.SampleTypes {
				if slices.Contains([]byte(keep), t.Type[0]) {
					types, totals = append(types, t), append(totals, before.Totals()[i])
				}
			}
			require.Equal(t, types, orNil(got.SampleTypes))
			require.Equal(t, totals, orNil(got.Totals()))
			require.Len(t, got.Values, len(got.Samples)*len(types))
			if len(types) == 0 {
				require.Empty(t, got.Samples)
			}
			got.Normalize()
			require.Equal(t, noNil(got), noNil(decodeAgain(t, got.AppendEncode(nil))))
		}
	}
}

func TestSetBuildIDs(t *testing.T) {
	p := decode(t, body(sample(1, 1, 2)))
	p.Locations[1].Mapping = 0
	p.SetBuildIDs(func(id string) string { return "of " + id })
	require.Len(t, p.Mappings, 2)
	require.Equal(t, []uint32{1, 2}, []uint32{p.Locations[0].Mapping, p.Locations[1].Mapping})
	for _, m := range p.Mappings {
		require.Equal(t, "of ", p.Strings[m.BuildID])
	}
	again := clone(p)
	again.SetBuildIDs(func(id string) string { return "now " + id })
	require.Equal(t, "now of ", again.Strings[again.Mappings[0].BuildID])
	p.Normalize()
	require.Equal(t, noNil(p), noNil(decodeAgain(t, p.AppendEncode(nil))))
	new(pprof.Profile).SetBuildIDs(func(string) string { panic("no mapping") })
}

// A profile whose parts are put together again holds the same.
func TestRelabeled(t *testing.T) {
	for seed := range uint64(300) {
		p := random(rand.New(rand.NewPCG(seed, 3)))
		p.Normalize()
		before := clone(p)
		same := p.Relabeled(p.SplitByLabels())
		same.Normalize()
		require.ElementsMatch(t, model(before), model(same), seed)
		all := p.SplitByLabels()
		for i := range all {
			all[i].Labels = []profile.Label{{Name: "x", Value: "y"}}
		}
		other := p.Relabeled(all)
		other.Normalize()
		require.Equal(t, noNil(before), noNil(p), "the profile itself stays")
		require.Equal(t, before.Totals(), other.Totals())
		for _, s := range other.SplitByLabels() {
			require.Equal(t, []profile.Label{{Name: "x", Value: "y"}}, s.Labels)
		}
		spans := func(p *pprof.Profile) (sum uint64) {
			for i := range p.Samples {
				if p.SpanID(i) != 0 {
					sum += uint64(p.SampleValues(i)[0])
				}
			}
			return sum
		}
		require.Equal(t, spans(before), spans(other))
	}
}

// The old .NET profiler wrote functions without ids, and "-" in types.
func TestDecodeDotnet(t *testing.T) {
	line := func(function uint64) []byte { return sub(4, num(1, function), num(2, 7)) }
	locations := func(functions ...uint64) []byte {
		var out []byte
		for i, f := range functions {
			out = append(out, sub(4, num(1, uint64(i+1)), line(f))...)
		}
		return out
	}
	noID := func(name uint64) []byte { return sub(5, num(2, name), num(4, sFile)) }
	of := func(functions ...uint64) []byte {
		return slices.Concat(sub(1, num(1, sEnd), num(2, sNanoseconds)), sample(5, 1, 2), locations(functions...),
			noID(sMain), noID(sWork), table(), str("alloc-size"))
	}
	for _, functions := range [][]uint64{{1, 2}, {0, 0}} {
		data := of(functions...)
		_, err := pprof.Decode(data, pprof.DefaultLimits())
		require.ErrorIs(t, err, pprof.ErrInvalid)
		p, err := pprof.DecodeDotnet(data, pprof.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, "alloc_size", p.SampleTypes[0].Type)
		require.Len(t, p.Lines, 2)
		for i, name := range []string{"main", "work"} {
			require.Equal(t, name, p.Strings[p.Functions[p.Lines[i].Function].Name])
		}
	}
	good := body(sample(1, 1, 2))
	want, err := pprof.Decode(good, pprof.DefaultLimits())
	require.NoError(t, err)
	got, err := pprof.DecodeDotnet(good, pprof.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, want, got)
}
