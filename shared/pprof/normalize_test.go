package pprof_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func label(key, value uint64) []byte { return sub(3, num(1, key), num(2, value)) }

// labelled is a sample of value 1 at main.
func labelled(labels ...[]byte) []byte {
	return sub(2, packed(1, 1), packed(2, 1), slices.Concat(labels...))
}

func TestNormalizeSamples(t *testing.T) {
	// Strings behind those of the common table.
	const sSpanID, sProfileID, sKeyAgain, sAKey, sEmpty = sEnd, sEnd + 1, sEnd + 2, sEnd + 3, sEnd + 4
	more := slices.Concat(str("span_id"), str("profile_id"), str("key"), str("a_key"), str(""))
	negative := uint64(math.MaxUint64)
	tests := []struct {
		name    string
		samples [][]byte
		want    []string
	}{
		{"equal stacks", [][]byte{sample(1, 2, 1), sample(2, 1), sample(3, 2, 1)}, []string{"work@12;main@11 4", "main@11 2"}},
		{"a stack within another", [][]byte{sample(1, 1), sample(2, 1, 1), sample(3)}, []string{"main@11 1", "main@11;main@11 2", " 3"}},
		{"zero", [][]byte{sample(0, 1), sample(1, 2)}, []string{"work@12 1"}},
		{"negative", [][]byte{sample(negative, 1), sample(5, 1)}, []string{"main@11 5"}},
		{"nothing left", [][]byte{sample(0, 1)}, nil},
		{"too much for a number", [][]byte{sample(math.MaxInt64, 1), sample(5, 1)}, []string{"main@11 9223372036854775807"}},
		{"numeric labels", [][]byte{labelled(sub(3, num(1, sKey), num(3, 7))), labelled()}, []string{"main@11 2"}},
		{"string labels", [][]byte{labelled(label(sKey, sValue)), labelled(), labelled(label(sKey, sMain)), labelled(label(sKey, sValue))}, []string{"main@11 key=value 2", "main@11 1", "main@11 key=main 1"}},
		{"order of labels", [][]byte{labelled(label(sKey, sValue), label(sAKey, sMain)), labelled(label(sAKey, sMain), label(sKey, sValue))}, []string{"main@11 a_key=main key=value 2"}},
		{"keys compare as strings", [][]byte{labelled(label(sKey, sValue)), labelled(label(sKeyAgain, sValue))}, []string{"main@11 key=value 2"}},
		{"a key twice", [][]byte{labelled(label(sKey, sValue), label(sKeyAgain, sMain))}, []string{"main@11 key=value 1"}},
		{"profile_id", [][]byte{labelled(label(sProfileID, sValue)), labelled(label(sSpanID, sValue))}, []string{"main@11 span_id=value 2"}},
		{"no name, no value", [][]byte{labelled(label(0, sValue), label(sEmpty, sValue), label(sKey, sEmpty)), labelled()}, []string{"main@11 2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(t, append(body(tt.samples...), more...))
			p.Normalize()
			require.Equal(t, tt.want, renderAll(p))
			requireLean(t, p)
		})
	}
}

func TestNormalizeOneNegativeValueDropsTheSample(t *testing.T) {
	p := decode(t, slices.Concat(sampleType(), sampleType(),
		sub(2, packed(2, 5, math.MaxUint64)), sub(2, packed(2, 0, 0)), sub(2, packed(2, 0, 3)), sub(2, packed(2, 4, 0)), table()))
	p.Normalize()
	require.Equal(t, []string{" 4 3"}, renderAll(p))
}

func TestNormalizeRenamesWithoutTheNewName(t *testing.T) {
	p := decode(t, append(body(labelled(label(sEnd, sValue)), labelled()), str("profile_id")...))
	p.Normalize()
	require.Equal(t, []string{"main@11 span_id=value 1", "main@11 1"}, renderAll(p))
	require.NotContains(t, p.Strings, "profile_id")
}

func TestNormalizeMergesSymbols(t *testing.T) {
	at := func(id, mapping, address, function uint64) []byte {
		return sub(4, num(1, id), num(2, mapping), num(3, address), sub(4, num(1, function), num(2, 10)))
	}
	symbolized := func(id, start uint64) []byte {
		return sub(3, num(1, id), num(2, start), num(3, start+100), num(4, id), num(5, sBin), num(7, 1))
	}
	unsymbolized := func(id, start uint64) []byte {
		return sub(3, num(1, id), num(2, start), num(5, sBin), num(8, 1))
	}
	twice := append(function(1, sMain), function(2, sEnd)...)
	again := str("main")
	tests := []struct {
		name                           string
		symbols                        []byte
		mappings, functions, locations int
		want                           []string
	}{
		{"symbolized mappings lose their addresses", slices.Concat(symbolized(1, 100), symbolized(2, 300), at(1, 1, 101, 1), at(2, 2, 301, 2), twice), 1, 1, 1, []string{"main@10 3"}},
		{"other mappings keep them", slices.Concat(unsymbolized(1, 100), unsymbolized(2, 300), at(1, 1, 101, 1), at(2, 2, 301, 2), twice), 2, 1, 2, []string{"main@10 1", "main@10 2"}},
		{"equal mappings, other addresses", slices.Concat(unsymbolized(1, 100), unsymbolized(2, 100), at(1, 1, 101, 1), at(2, 2, 102, 2), twice), 1, 1, 2, []string{"main@10 1", "main@10 2"}},
		{"equal mappings, equal addresses", slices.Concat(unsymbolized(1, 100), unsymbolized(2, 100), at(1, 1, 101, 1), at(2, 2, 101, 2), twice), 1, 1, 1, []string{"main@10 3"}},
		{"no mapping", slices.Concat(at(1, 0, 101, 1), at(2, 0, 102, 2), twice), 0, 1, 2, []string{"main@10 1", "main@10 2"}},
		{"unreferenced parts", slices.Concat(symbolized(1, 1), at(1, 0, 1, 1), at(2, 0, 1, 1), at(3, 1, 7, 3), twice, function(3, sWork)), 0, 1, 1, []string{"main@10 3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(t, slices.Concat(sampleType(), sample(1, 1), sample(2, 2), tt.symbols, table(), again))
			p.Normalize()
			require.Equal(t, tt.want, renderAll(p))
			require.Equal(t, []int{tt.mappings, tt.functions, tt.locations}, []int{len(p.Mappings), len(p.Functions), len(p.Locations)})
			requireLean(t, p)
		})
	}
}

func TestNormalizeMergesShapes(t *testing.T) {
	p := decode(t, slices.Concat(sampleType(), sample(1, 1), sample(2, 2),
		sub(4, num(1, 1), sub(4, num(1, 1))), sub(4, num(1, 2), sub(4, num(1, 2))),
		function(1, sEnd), function(2, sEnd+1), table(), str("f[go.shape.int]"), str("f[go.shape.string]")))
	p.Normalize()
	require.Equal(t, []string{"f[...]@0 3"}, renderAll(p))
}

func TestNormalizeKeepsTheStringsOfTypes(t *testing.T) {
	p := decode(t, slices.Concat(body(), sub(11, num(1, sKey), num(2, sValue)), num(14, sFile)))
	p.Normalize()
	require.Equal(t, []string{"", "cpu", "nanoseconds", "key", "value", "main.go"}, p.Strings)
	require.Equal(t, []profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}, p.SampleTypes)
}

func TestNormalizeOfNothing(t *testing.T) {
	p := &pprof.Profile{}
	p.Normalize()
	require.Equal(t, []string{""}, p.Strings)
	require.Empty(t, p.Totals())
	require.Empty(t, decode(t, p.AppendEncode(nil)).Samples)
}

func TestTotals(t *testing.T) {
	p := decode(t, slices.Concat(sampleType(), sampleType(),
		sub(2, packed(2, 1, math.MaxInt64)), sub(2, packed(2, 2, 1)), sub(2, packed(2, math.MaxUint64, 7)), table()))
	require.Equal(t, []int64{2, math.MaxInt64}, p.Totals())
	p = decode(t, slices.Concat(sampleType(), sub(2, packed(2, 1<<63)), sub(2, packed(2, math.MaxUint64)), table()))
	require.Equal(t, []int64{math.MinInt64}, p.Totals())
}
