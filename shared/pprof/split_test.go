package pprof_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestSplitByLabels(t *testing.T) {
	const sSpanID, sTraceID, sAKey, sKeyAgain = sEnd, sEnd + 1, sEnd + 2, sEnd + 3
	more := slices.Concat(str("span_id"), str("trace_id"), str("a_key"), str("key"))
	ls := func(pairs ...string) []profile.Label { return profile.NewLabels(pairs...) }
	tests := []struct {
		name    string
		samples [][]byte
		want    []pprof.Series
	}{
		{"no samples", nil, nil},
		{"no labels", [][]byte{labelled(), labelled()}, []pprof.Series{{Samples: []uint32{0, 1}}}},
		{"spans and traces, numbers", [][]byte{labelled(label(sSpanID, sValue)), labelled(label(sTraceID, sValue)), labelled(sub(3, num(1, sKey), num(3, 1)))}, []pprof.Series{{Samples: []uint32{0, 1, 2}}}},
		{
			"sorted by labels",
			[][]byte{labelled(label(sKey, sWork)), labelled(label(sKey, sMain)), labelled(), labelled(label(sKey, sWork), label(sSpanID, sMain)), labelled(label(sAKey, sWork))},
			[]pprof.Series{
				{Samples: []uint32{2}},
				{Labels: ls("a_key", "work"), Samples: []uint32{4}},
				{Labels: ls("key", "main"), Samples: []uint32{1}},
				{Labels: ls("key", "work"), Samples: []uint32{0, 3}},
			},
		},
		{
			"labels in any order, strings in two places",
			[][]byte{labelled(label(sKey, sMain), label(sAKey, sWork)), labelled(), labelled(label(sAKey, sWork), label(sKeyAgain, sMain)), labelled(label(sKey, sMain), label(sAKey, sWork))},
			[]pprof.Series{{Samples: []uint32{1}}, {Labels: ls("a_key", "work", "key", "main"), Samples: []uint32{0, 2, 3}}},
		},
		{"a name twice", [][]byte{labelled(label(sKey, sMain), label(sKeyAgain, sWork))}, []pprof.Series{{Labels: ls("key", "main"), Samples: []uint32{0}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(t, append(body(tt.samples...), more...))
			require.Equal(t, tt.want, p.SplitByLabels())
		})
	}
}

func TestSpanAndTraceIDs(t *testing.T) {
	const sSpanID, sTraceID, sID = sEnd, sEnd + 1, sEnd + 2
	tests := []struct {
		text         string
		span, hi, lo uint64
	}{
		{"0123456789abcdef", 0x0123456789abcdef, 0, 0},
		{"FFFFFFFFFFFFFFFF", 0xffffffffffffffff, 0, 0},
		{"0123456789abcdef00000000000000ff", 0, 0x0123456789abcdef, 0xff},
		{"0123456789abcde", 0, 0, 0},
		{"0123456789abcdeg", 0, 0, 0},
		{"ffffffffffffffffffffffffffffffxx", 0, 0, 0},
		{"", 0, 0, 0},
	}
	for _, tt := range tests {
		data := slices.Concat(body(labelled(), labelled(label(sKey, sID), label(sSpanID, sID), label(sTraceID, sID))),
			str("span_id"), str("trace_id"), str(tt.text))
		p := decode(t, data)
		hi, lo := p.TraceID(1)
		require.Equal(t, []uint64{tt.span, tt.hi, tt.lo}, []uint64{p.SpanID(1), hi, lo}, tt.text)
		hi, lo = p.TraceID(0)
		require.Equal(t, []uint64{0, 0, 0}, []uint64{p.SpanID(0), hi, lo}, "no label")
	}
}
