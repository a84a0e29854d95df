package question

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchers(t *testing.T) {
	require.Equal(t, `{service_name="a",x="y"}`, Matchers("a", `{x="y"}`))
	require.Equal(t, `{service_name="a"}`, Matchers("a", ""))
	require.Equal(t, `{}`, Matchers("", " "))
}
