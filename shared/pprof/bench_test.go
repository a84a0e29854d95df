package pprof_test

import (
	"testing"

	google "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

var benchmarked = []string{"cpu-compile_gotypes", "mem-compile_gotypes"}

// forms runs a benchmark on each fixture, as it is pushed and unpacked.
func forms(b *testing.B, run func(b *testing.B, data []byte)) {
	all := fixtures(b)
	for _, name := range benchmarked {
		b.Run(name+"/gzip", func(b *testing.B) { run(b, all[name]) })
		plain := decode(b, all[name]).AppendEncode(nil)
		b.Run(name+"/plain", func(b *testing.B) { run(b, plain) })
	}
}

func BenchmarkDecode(b *testing.B) {
	forms(b, func(b *testing.B, data []byte) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			_, err := pprof.Decode(data, pprof.DefaultLimits())
			require.NoError(b, err)
		}
	})
}

// BenchmarkGoogleParse is what BenchmarkDecode is measured against.
func BenchmarkGoogleParse(b *testing.B) {
	forms(b, func(b *testing.B, data []byte) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			_, err := google.ParseData(data)
			require.NoError(b, err)
		}
	})
}

// BenchmarkNormalize includes the copy that each round works on.
func BenchmarkNormalize(b *testing.B) {
	all := fixtures(b)
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			p := decode(b, all[name])
			b.ReportAllocs()
			for b.Loop() {
				clone(p).Normalize()
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	all := fixtures(b)
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			p := decode(b, all[name])
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				out = p.AppendEncode(out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
	}
}

// BenchmarkIngest is the whole way of a pushed profile.
func BenchmarkIngest(b *testing.B) {
	forms(b, func(b *testing.B, data []byte) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			p, err := pprof.Decode(data, pprof.DefaultLimits())
			require.NoError(b, err)
			p.Normalize()
			out = p.AppendEncode(out[:0])
		}
	})
}
