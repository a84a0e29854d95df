package flamegraph

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKthLargest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		values := make([]uint64, 1+rng.IntN(50))
		bits := rng.IntN(64)
		for i := range values {
			values[i] = rng.Uint64() >> rng.IntN(bits+1)
			if i > 0 && rng.IntN(3) == 0 {
				values[i] = values[rng.IntN(i)]
			}
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		slices.Reverse(sorted)
		k := 1 + rng.IntN(len(values))
		ties := 0
		for _, v := range sorted[:k] {
			if v == sorted[k-1] {
				ties++
			}
		}
		gotValue, gotTies := kthLargest(values, k)
		require.Equal(t, sorted[k-1], gotValue)
		require.Equal(t, ties, gotTies)
	}
}
