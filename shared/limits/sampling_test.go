package limits_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/limits"
)

func TestSampling(t *testing.T) {
	const lowest, quarter, most = 0, math.MaxUint64 / 4, math.MaxUint64
	for _, c := range []struct {
		text, service string
		number        uint64
		keeps         bool
	}{
		{"1", "shop", most, true},
		{"0", "shop", lowest, false},
		{"0.5", "shop", quarter, true},
		{"0.2", "shop", quarter, false},
		{`{}`, "shop", most, true},
		{`{"shop": 0.2}`, "shop", quarter, false},
		{`{"shop": 0.2}`, "cart", most, true},
		{`{"shop": 0.2, "*": 0.5}`, "shop", quarter, false},
		{`{"shop": 0.2, "*": 0.5}`, "cart", quarter, true},
		{`{"shop": 1, "*": 0}`, "shop", most, true},
		{`{"shop": 1, "*": 0}`, "cart", lowest, false},
	} {
		s, err := limits.ParseSampling(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.keeps, s.Keeps(c.service, c.number), "%s: %s", c.text, c.service)
	}
	require.True(t, limits.Sampling{}.Keeps("shop", most))
	for _, bad := range []string{"", "x", "null", "[]", "-0.1", "1.1", `"1"`, `{"shop": 2}`, `{"shop": "1"}`, `{"*": -1}`} {
		_, err := limits.ParseSampling(bad)
		require.ErrorIs(t, err, limits.ErrSampling, bad)
	}
}
