package deployment_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

var update = flag.Bool("update", false, "write golden files anew")

// The table of keys in infra/README.md is what the code says.
func TestReadmeListsTheKeys(t *testing.T) {
	const file, begin, end = "../README.md", "<!-- keys: go test ./infra/deployment -update -->\n", "<!-- end of keys -->"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	table := "| key | default | meaning |\n|---|---|---|\n"
	for _, k := range deployment.Keys() {
		table += fmt.Sprintf("| `%s` | %s | %s |\n", k.Name, k.Default, k.Meaning)
	}
	want := before + begin + table + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		text = []byte(want)
	}
	require.Equal(t, want, string(text))
}
