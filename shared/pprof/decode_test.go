package pprof_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestDecodeReadsEveryField(t *testing.T) {
	full := slices.Concat(
		sampleType(),
		sub(2, packed(1, 2, 1), packed(2, 7), sub(3, num(1, sKey), num(2, sValue)), sub(3, num(1, sKey), num(3, 5), num(4, sValue))),
		sub(3, num(1, 1), num(2, 0x400000), num(3, 0x500000), num(4, 0x1000), num(5, sBin), num(6, sValue), num(7, 1), num(8, 0), num(9, 1), num(10, 1)),
		location(1, 1, 1),
		sub(4, num(1, 2), num(3, 0xfff), sub(4, num(1, 2), num(2, 5), num(3, 9)), sub(4, num(1, 1), num(2, 6)), num(5, 1)),
		sub(5, num(1, 1), num(2, sMain), num(3, sWork), num(4, sFile), num(5, 3)),
		function(2, sWork),
		table(),
		num(7, sKey), num(8, sKey), // drop_frames, keep_frames
		num(9, 1234), num(10, 5678), sub(11, num(1, sCPU), num(2, sNanoseconds)), num(12, 100), packed(13, sKey), num(14, sCPU),
	)
	want := &pprof.Profile{
		SampleTypes:       []profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}},
		PeriodType:        profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:            100,
		TimeNanos:         1234,
		DurationNanos:     5678,
		DefaultSampleType: "cpu",
		Strings:           []string{"", "cpu", "nanoseconds", "main", "work", "key", "value", "main.go", "bin"},
		Mappings: []pprof.Mapping{{
			Start: 0x400000, Limit: 0x500000, Offset: 0x1000, Filename: sBin, BuildID: sValue,
			Flags: pprof.HasFunctions | pprof.HasLineNumbers | pprof.HasInlineFrames,
		}},
		Functions: []pprof.Function{
			{Name: sMain, SystemName: sWork, Filename: sFile, StartLine: 3},
			{Name: sWork, SystemName: sWork, Filename: sFile},
		},
		Locations: []pprof.Location{
			{Address: 0x1001, Mapping: 1, FirstLine: 0, NumLines: 1},
			{Address: 0xfff, FirstLine: 1, NumLines: 2, Folded: true},
		},
		Lines:   []pprof.Line{{Function: 0, Line: 11}, {Function: 1, Line: 5, Column: 9}, {Function: 0, Line: 6}},
		Samples: []pprof.Sample{{StackEnd: 2, LabelEnd: 2}},
		Values:  []int64{7},
		Stacks:  []uint32{1, 0},
		Labels:  []pprof.SampleLabel{{Key: sKey, Value: sValue}, {Key: sKey, Numeric: true}},
	}
	require.Equal(t, want, decode(t, full))
	require.Equal(t, want, decode(t, gzipped(t, full)), "gzip")
	require.Equal(t, want, decode(t, append(gzipped(t, full[:40]), gzipped(t, full[40:])...)), "gzip of two members")
}

func TestDecodeForms(t *testing.T) {
	fixed64 := binary.AppendUvarint(nil, 20<<3|1)
	fixed64 = append(fixed64, 1, 2, 3, 4, 5, 6, 7, 8)
	fixed32 := append(binary.AppendUvarint(nil, 21<<3|5), 1, 2, 3, 4)
	tests := []struct {
		name string
		body []byte
		want []string
	}{
		{"packed", body(sample(5, 2, 1)), []string{"work@12;main@11 5"}},
		{"unpacked", body(sub(2, num(1, 2), num(1, 1), num(2, 5))), []string{"work@12;main@11 5"}},
		{"packed in two parts, mixed with values", body(sub(2, packed(1, 2), packed(2, 5), num(1, 1))), []string{"work@12;main@11 5"}},
		{"empty packed lists", body(sub(2, packed(1), packed(1, 1), packed(2), num(2, 5))), []string{"main@11 5"}},
		{"no stack", body(sub(2, packed(2, 5))), []string{" 5"}},
		{"no samples", body(), nil},
		{"numbers in more bytes than needed", body(sub(2, raw(1, []byte{0x82, 0x80, 0x00}), packed(2, 5))), []string{"work@12 5"}},
		{"unknown fields", append(body(sample(5, 1), num(99, 3), raw(50, []byte("x"))), append(fixed64, fixed32...)...), []string{"main@11 5"}},
		{"strings first", slices.Concat(table(), symbols(), sampleType(), sample(5, 1)), []string{"main@11 5"}},
		{
			"everything interleaved",
			slices.Concat(table()[:2], function(2, sWork), sample(5, 2), location(1, 1, 1), table()[2:], function(1, sMain), mapping(1), sampleType(), location(2, 1, 2)),
			[]string{"work@12 5"},
		},
		{
			"sparse ids",
			slices.Concat(sampleType(), sample(5, 1<<40, 3), mapping(9), location(1<<40, 9, 1<<50), location(3, 0, 4), function(4, sMain), function(1<<50, sWork), table()),
			[]string{"work@1099511627786;main@13 5"},
		},
		{
			"ids dense at first",
			slices.Concat(sampleType(), sample(5, 1, 2, 9), location(1, 0, 1), location(2, 0, 2), location(9, 0, 1), function(1, sMain), function(2, sWork), table()),
			[]string{"main@11;work@12;main@19 5"},
		},
		{
			"lines of no function are dropped",
			slices.Concat(sampleType(), sample(5, 1), sub(4, num(1, 1), num(3, 0xabc), sub(4, num(2, 7))), table()),
			[]string{"0xabc 5"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, renderAll(decode(t, tt.body)))
		})
	}
}

func TestDecodeEveryTruncation(t *testing.T) {
	whole := body(sample(5, 2, 1), sub(2, packed(1, 1), packed(2, 3), sub(3, num(1, sKey), num(2, sValue))))
	for n := range whole {
		p, err := pprof.Decode(whole[:n], pprof.DefaultLimits())
		if err != nil {
			require.True(t, isTyped(err), "%d bytes: %v", n, err)
			continue
		}
		require.NotNil(t, p)
	}
	gz := gzipped(t, whole)
	for n := range gz {
		_, err := pprof.Decode(gz[:n], pprof.DefaultLimits())
		require.ErrorIs(t, err, pprof.ErrMalformed, "%d bytes", n)
	}
}

func TestDecodeDoesNotKeepTheBody(t *testing.T) {
	data := body(sample(5, 2, 1))
	p := decode(t, data)
	clear(data)
	require.Equal(t, []string{"work@12;main@11 5"}, renderAll(p))
}
