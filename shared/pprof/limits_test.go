package pprof_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

func isTyped(err error) bool {
	return errors.Is(err, pprof.ErrMalformed) || errors.Is(err, pprof.ErrTooLarge) || errors.Is(err, pprof.ErrInvalid)
}

func TestLimitsRefuse(t *testing.T) {
	label := sub(3, num(1, sKey), num(2, sValue))
	labels := func(n int) []byte { return sub(2, packed(2, 1), slices.Repeat(label, n)) }
	plain := body(slices.Repeat(sample(1, 2, 1), 10))
	size := int64(len(plain))
	tests := []struct {
		name   string
		body   []byte
		limits pprof.Limits
		want   *pprof.LimitError // nil if accepted
	}{
		{"bytes: just enough", plain, pprof.Limits{MaxBytes: size}, nil},
		{"bytes: one too many", plain, pprof.Limits{MaxBytes: size - 1}, &pprof.LimitError{Limit: "MaxBytes", What: "bytes uncompressed", Actual: size, Max: size - 1}},
		{"bytes: gzip, just enough", gzipped(t, plain), pprof.Limits{MaxBytes: size}, nil},
		{"bytes: gzip, one too many", gzipped(t, plain), pprof.Limits{MaxBytes: size - 1}, &pprof.LimitError{Limit: "MaxBytes", What: "bytes uncompressed", Actual: size, Max: size - 1}},
		{"bytes: gzip, far too many", gzipped(t, plain), pprof.Limits{MaxBytes: 20}, &pprof.LimitError{Limit: "MaxBytes", What: "bytes uncompressed", Actual: 21, Max: 20}},
		{"samples: just enough", plain, pprof.Limits{MaxSamples: 10}, nil},
		{"samples: one too many", plain, pprof.Limits{MaxSamples: 9}, &pprof.LimitError{Limit: "MaxSamples", What: "samples", Actual: 10, Max: 9}},
		{"labels: just enough", body(labels(3), labels(3)), pprof.Limits{MaxSampleLabels: 3}, nil},
		{"labels: one too many", body(labels(3), labels(4)), pprof.Limits{MaxSampleLabels: 3}, &pprof.LimitError{Limit: "MaxSampleLabels", What: "labels", Actual: 4, Max: 3}},
		{"labels: no limit", body(labels(300)), pprof.Limits{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pprof.Decode(tt.body, tt.limits)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, pprof.ErrTooLarge)
			var limit *pprof.LimitError
			require.ErrorAs(t, err, &limit)
			require.Equal(t, tt.want, limit)
			require.ErrorContains(t, err, tt.want.Limit)
		})
	}
}

func TestLimitErrorText(t *testing.T) {
	err := &pprof.LimitError{Limit: "MaxSamples", What: "samples", Actual: 16001, Max: 16000}
	require.EqualError(t, err, "profile too large: 16001 samples, limit MaxSamples is 16000")
}

func TestDeepStacksKeepTheRoot(t *testing.T) {
	deep := body(sample(1, 2, 2, 2, 1), sample(2, 1), sub(2, num(1, 2), packed(1, 2, 2), num(1, 1), num(2, 3)))
	for depth, want := range map[int][]string{
		0: {"work@12;work@12;work@12;main@11 1", "main@11 2", "work@12;work@12;work@12;main@11 3"},
		4: {"work@12;work@12;work@12;main@11 1", "main@11 2", "work@12;work@12;work@12;main@11 3"},
		2: {"work@12;main@11 1", "main@11 2", "work@12;main@11 3"},
		1: {"main@11 1", "main@11 2", "main@11 3"},
	} {
		p, err := pprof.Decode(deep, pprof.Limits{MaxStackDepth: depth})
		require.NoError(t, err)
		require.Equal(t, want, renderAll(p), "depth %d", depth)
	}
	_, err := pprof.Decode(body(sample(1, 7, 1)), pprof.Limits{MaxStackDepth: 1})
	require.ErrorIs(t, err, pprof.ErrInvalid, "frames that are cut off must exist, too")
}

func TestLongStringsKeepTheEnd(t *testing.T) {
	for _, tt := range []struct {
		in   string
		most int
		want string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdef", 4, "cdef"},
		{"abcdef", 0, "abcdef"},
		{"ab€def", 5, "def"}, // the cut falls into the sign
		{"ab€def", 6, "€def"},
		{"€", 2, ""},
		{strings.Repeat("x", 100) + "end", 3, "end"},
	} {
		p, err := pprof.Decode(append(table(), str(tt.in)...), pprof.Limits{MaxSymbolBytes: tt.most})
		require.NoError(t, err)
		require.Equal(t, tt.want, p.Strings[len(p.Strings)-1], "%q to %d", tt.in, tt.most)
	}
}

func TestDefaultLimits(t *testing.T) {
	require.Equal(t, pprof.Limits{MaxBytes: 4194304, MaxSamples: 16000, MaxSampleLabels: 100, MaxStackDepth: 1000, MaxSymbolBytes: 65535}, pprof.DefaultLimits())
}
