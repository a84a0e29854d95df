package pprof

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Equal hashes prove nothing: with all hashes equal, the result is the same.
func TestNormalizeWhenEverythingCollides(t *testing.T) {
	for _, name := range []string{"mutex-shop_0", "goroutine-shop_0"} {
		data, err := os.ReadFile("../../tests/fixtures/" + name + ".pb.gz")
		require.NoError(t, err)
		read := func() *Profile {
			p, err := Decode(data, DefaultLimits())
			require.NoError(t, err)
			// Two samples of one stack that only their labels tell apart.
			p.Strings = append(p.Strings, "color", "red", "blue")
			color := uint32(len(p.Strings) - 3)
			p.Labels = []SampleLabel{{Key: color, Value: color + 1}, {Key: color, Value: color + 2}}
			p.Samples[0].LabelEnd = 1
			p.Samples[1] = p.Samples[0]
			p.Samples[1].LabelStart, p.Samples[1].LabelEnd = 1, 2
			return p
		}
		want, got := read(), read()
		want.Normalize()
		n := &normalizer{hash: newHasher()}
		n.table.ignored = ^uint64(0)
		n.normalize(got)
		require.Equal(t, want, got)
		require.Greater(t, len(got.Samples), 10)
	}
}
