package cost

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
)

var update = flag.Bool("update", false, "write golden files anew")

func cost(t *testing.T, args ...string) string {
	t.Helper()
	return commandtest.New(t, Command()).Run(args...)
}

func TestBills(t *testing.T) {
	for name, args := range map[string][]string{
		"small":  {"-pods", "200"},
		"medium": {"-pods", "5000", "-services", "200", "-queries", "20000", "-pack", "5"},
		"large":  {"-pods", "100000", "-services", "2000", "-queries", "100000", "-pack", "100", "-function-url"},
		"idle":   {"-pods", "0", "-queries", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			got, file := cost(t, args...), filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestTiers(t *testing.T) {
	steps := []step{{100, 3}, {300, 2}, {forEver, 1}}
	for amount, want := range map[float64]float64{0: 0, 50: 150, 100: 300, 200: 500, 300: 700, 400: 800} {
		require.Equal(t, want, tiered(steps, amount), "%v", amount)
	}
}

// Requests are what costs: the same profiles in fewer of them are never dearer.
func TestPackingNeverCostsMore(t *testing.T) {
	f := Fleet{Services: 20, Pods: 1000, Interval: 15e9, Types: 5, Bytes: 15800, Queries: 1, Range: 3600e9, Days: 31}
	last := forEver
	for _, pack := range []int{1, 2, 5, 10, 50, 100, 200} {
		f.Pack = pack
		require.NoError(t, f.validate())
		total := bill(listPrices(), f, defaultDeployment()).Total
		require.Less(t, total, last, "pack %d", pack)
		last = total
	}
}

func TestJSONHasTheSameTotals(t *testing.T) {
	var c Comparison
	require.NoError(t, json.Unmarshal([]byte(cost(t, "-json")), &c))
	sum := 0.0
	for _, l := range c.Here.Lines {
		sum += l.USD
	}
	require.InDelta(t, c.Here.Total, sum, 1e-6)
	require.NotEmpty(t, c.Levers)
}

func TestBadFlagsAreAllNamed(t *testing.T) {
	line := commandtest.New(t, Command())
	_, err := line.Try("-pods", "-1", "-types", "0", "-bytes", "5000000")
	for _, want := range []string{"-pods: want 0 or more", "-types: want 1 or more", "-bytes: want 1 to 4194304"} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, 2, line.Code)
	_, err = line.Try("-pack", "1000")
	require.ErrorContains(t, err, "more than one request may carry")
	_, err = line.Try("pods")
	require.ErrorContains(t, err, `"pods" is not a flag`)
	require.Contains(t, line.Run("-help"), "-function-url")
}
