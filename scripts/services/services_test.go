package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	_, err := boltrecords.Open(filepath.Join(dir, host.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	now := time.Date(2056, 3, 4, 12, 0, 0, 0, time.UTC) // records expire by the real clock
	do := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"-data", dir, "-table", ""}, args...), &out, func() time.Time { return now })
		return out.String(), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := do(args...)
		require.NoError(t, err)
		return out
	}
	require.Regexp(t, `\(all others\) +744h0m0s`, must("list", "acme"))
	require.Equal(t, "checkout: profiles before 2056-03-04T12:00:00Z are deleted\n", must("delete", "acme", "checkout"))
	must("keep", "acme", "audit", "0")
	must("keep", "acme", "48h")
	require.Regexp(t, `(?s)audit +for ever +\n.*checkout +48h0m0s +2056-03-04T12:00:00Z\n.*\(all others\) +48h0m0s`, must("list", "acme"))
	must("unkeep", "acme", "audit")
	must("unkeep", "acme")
	require.NotContains(t, must("list", "acme"), "audit")
	require.NotContains(t, must("list", "rival"), "checkout")

	for _, args := range [][]string{
		{}, {"drop"}, {"list"}, {"list", "acme", "x"}, {"delete", "acme"}, {"delete", "acme", ""}, {"delete", "acme", "a", "b"},
		{"keep", "acme"}, {"keep", "acme", "soon"}, {"keep", "acme", "audit", "1s"}, {"keep", "a", "b", "c", "1h"}, {"list", "a/b"},
	} {
		_, err := do(args...)
		require.Error(t, err, args)
	}
}
