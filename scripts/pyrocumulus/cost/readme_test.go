package cost

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of README.md is what the command prints.
func TestReadmeHasTheBills(t *testing.T) {
	const file, begin, end = "../../../README.md", "<!-- bills: go test ./scripts/pyrocumulus/cost -update -->\n", "<!-- end of bills -->"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var table strings.Builder
	fmt.Fprintln(&table, "| pods | requests | options of the command | Pyrocumulus, $ a month | Pyroscope on Fargate |\n|---|---|---|---|---|")
	for _, row := range []struct{ pods, requests, options string }{
		{"0", "–", "-pods 0 -queries 0"},
		{"50", "one for each profile, as stock SDKs and Alloy send", "-pods 50"},
		{"200", "likewise", "-pods 200"},
		{"200", "likewise, by a function URL", "-pods 200 -function-url"},
		{"200", "one for the five of an interval", "-pods 200 -pack 5"},
		{"5,000", "one for the five of an interval", "-pods 5000 -services 200 -pack 5"},
		{"5,000", "a relay packs 100; function URL", "-pods 5000 -services 200 -pack 100 -function-url"},
	} {
		var bills struct {
			Pyrocumulus, Pyroscope struct{ TotalUSD float64 }
		}
		require.NoError(t, json.Unmarshal([]byte(cost(t, append(strings.Fields(row.options), "-json")...)), &bills))
		require.Positive(t, bills.Pyrocumulus.TotalUSD)
		fmt.Fprintf(&table, "| %s | %s | `%s` | %s | %s |\n", row.pods, row.requests, row.options, dollars(bills.Pyrocumulus.TotalUSD), dollars(bills.Pyroscope.TotalUSD))
	}
	want := before + begin + table.String() + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		text = []byte(want)
	}
	require.Equal(t, want, string(text))
}

// dollars writes whole ones, with commas.
func dollars(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
