package retention

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	_, err := boltrecords.Open(filepath.Join(dir, datadir.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	now := time.Date(2056, 3, 4, 12, 0, 0, 0, time.UTC) // records expire by the real clock
	line := commandtest.New(t, Command(), "-data", dir)
	line.Now = func() time.Time { return now }
	must := line.Run
	require.Regexp(t, `\(all others\) +744h0m0s`, must("list", "acme"))
	require.Equal(t, "checkout: profiles before 2056-03-04T12:00:00Z are deleted\n", must("delete", "acme", "checkout"))
	must("keep", "acme", "audit", "0")
	require.Regexp(t, `\(all others\) +48h0m0s`, must("keep", "acme", "2d"))
	require.JSONEq(t, `{"tenant": "acme", "keptFor": "48h0m0s", "services": [{"service": "audit", "keptFor": "0s"},
		{"service": "checkout", "keptFor": "48h0m0s", "deletedBefore": "2056-03-04T12:00:00Z"}]}`, must("list", "acme", "-json"))
	require.Regexp(t, `(?s)audit +for ever +\n.*checkout +48h0m0s +2056-03-04T12:00:00Z\n.*\(all others\) +48h0m0s`, must("list", "acme"))
	must("unkeep", "acme", "audit")
	must("unkeep", "acme")
	require.NotContains(t, must("list", "acme"), "audit")
	require.NotContains(t, must("list", "rival"), "checkout")

	for _, args := range [][]string{
		{}, {"drop"}, {"list"}, {"list", "acme", "x"}, {"delete", "acme"}, {"delete", "acme", ""}, {"delete", "acme", "a", "b"},
		{"keep", "acme"}, {"keep", "acme", "soon"}, {"keep", "acme", "audit", "1s"}, {"keep", "a", "b", "c", "1h"}, {"list", "a/b"},
	} {
		_, err := line.Try(args...)
		require.Error(t, err, args)
		require.Contains(t, []int{1, 2}, line.Code)
	}
}
