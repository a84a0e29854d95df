package commandtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapeNotices(t *testing.T) {
	const documented = `[{"name": "a", "n": 1, "more": [{"x": true}]}]`
	for _, same := range []string{`[]`, documented, `[{"n": 3}, {"more": []}]`} {
		require.NoError(t, Shape(documented, same))
		require.NoError(t, Shape(`{"other": 1} `+documented, same))
	}
	for _, other := range []string{`{}`, `[{"nam": "a"}]`, `[{"n": "1"}]`, `[{"more": [{"x": 1}]}]`, `[{"more": {}}]`, `null`, `text`} {
		require.Error(t, Shape(documented, other), other)
	}
	require.Error(t, Shape(`[`, `[]`))
}
