package pprof_test

import (
	"testing"

	google "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// FuzzDecode: no body makes the package panic or use much memory, and what it
// accepts is stable through normalization and the wire.
func FuzzDecode(f *testing.F) {
	for _, data := range hostile(f) {
		if len(data) < 10000 {
			f.Add(data)
		}
	}
	for _, name := range []string{"goroutine-shop_0", "block-shop_0"} {
		data := fixtures(f)[name]
		f.Add(data)
		f.Add(decode(f, data).AppendEncode(nil))
	}
	f.Add(body(sample(1, 1, 2), labelled(label(sKey, sValue)), sub(2, num(1, 1), num(2, 9))))
	limits := pprof.Limits{MaxBytes: 1 << 20, MaxSamples: 1000, MaxSampleLabels: 10, MaxStackDepth: 50, MaxSymbolBytes: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		var p *pprof.Profile
		var err error
		n := allocated(func() { p, err = pprof.Decode(data, limits) })
		require.Less(t, n, uint64(40<<20))
		n = allocated(func() {
			if repaired, err := pprof.DecodeDotnet(data, limits); err == nil {
				_ = decodeAgain(t, repaired.AppendEncode(nil))
			}
		})
		require.Less(t, n, uint64(60<<20))
		if err != nil {
			require.True(t, isTyped(err), "%v", err)
			return
		}
		plain := p.AppendEncode(nil)
		require.Equal(t, noNil(p), noNil(decodeAgain(t, plain)))
		g, err := google.ParseUncompressed(plain)
		require.NoError(t, err)
		require.NoError(t, g.CheckValid())

		_ = p.SplitByLabels()
		p.Normalize()
		require.Equal(t, noNil(p), noNil(decodeAgain(t, p.AppendEncode(nil))))
		samples := 0
		for _, s := range p.SplitByLabels() {
			samples += len(s.Samples)
		}
		require.Equal(t, len(p.Samples), samples)
		once := clone(p)
		p.Normalize()
		require.Equal(t, noNil(once), noNil(p))
	})
}

// decodeAgain reads what AppendEncode wrote, which may be larger than what it
// was made of.
func decodeAgain(t testing.TB, data []byte) *pprof.Profile {
	t.Helper()
	p, err := pprof.Decode(data, pprof.Limits{})
	require.NoError(t, err)
	return p
}
