package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	_, err := boltrecords.Open(filepath.Join(dir, host.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	do := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"-data", dir}, args...), &out)
		return out.String(), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := do(args...)
		require.NoError(t, err)
		return out
	}
	require.Equal(t, "30\n", must("get", "acme", "max_labels"))
	require.Empty(t, must("set", "acme", "max_labels=50", "ingestion_rate=16MiB"))
	require.Equal(t, "50\n", must("get", "acme", "max_labels"))
	require.Equal(t, "30\n", must("get", "other", "max_labels"))
	require.Regexp(t, `ingestion_rate +16MiB +4MiB +a number of bytes from 0 to 1024GiB +how many bytes`, must("list", "acme"))
	rules := filepath.Join(dir, "rules.json")
	require.NoError(t, os.WriteFile(rules, []byte(`[{"regex":"pod","action":"labeldrop"}]`), 0o600))
	must("set", "acme", "relabel_rules=@"+rules, `sampling={"shop": 0.1}`)
	require.Equal(t, `[{"regex":"pod","action":"labeldrop"}]`+"\n", must("get", "acme", "relabel_rules"))
	require.Equal(t, "[]\n", must("get", "other", "relabel_rules"))
	must("unset", "acme", "max_labels")
	require.Equal(t, "30\n", must("get", "acme", "max_labels"))

	for _, tt := range []struct {
		want string
		args []string
	}{
		{"say list, get, set or unset", nil},
		{"say list, get, set or unset", []string{"show"}},
		{"name the tenant", []string{"list"}},
		{"tenant ID is invalid", []string{"list", "a/b"}},
		{"takes a tenant and nothing else", []string{"list", "acme", "x"}},
		{"one limit", []string{"get", "acme"}},
		{"LIMIT=VALUE", []string{"set", "acme"}},
		{"LIMIT=VALUE", []string{"set", "acme", "max_labels"}},
		{"unset what", []string{"unset", "acme"}},
		{`unknown limit "max_label", want one of ingestion_rate, `, []string{"set", "acme", "max_label=1"}},
		{"unknown limit", []string{"get", "acme", "max_label"}},
		{"unknown limit", []string{"unset", "acme", "max_label"}},
		{"read the value of relabel_rules", []string{"set", "acme", "relabel_rules=@/none"}},
		{`bad value of relabel_rules: bad relabel rules: rule 1: unknown action "x"`, []string{"set", "acme", `relabel_rules=[{"action":"x"}]`}},
		{"bad value of sampling: bad sampling: 7 is not from 0 to 1", []string{"set", "acme", "sampling=7"}},
		{`bad value of max_labels: "0" is not a whole number from 1 to 1000`, []string{"set", "acme", "max_labels=0"}},
	} {
		_, err := do(tt.args...)
		require.ErrorContains(t, err, tt.want, "%v", tt.args)
	}
	err = run(t.Context(), []string{"-data", t.TempDir(), "list", "acme"}, &bytes.Buffer{})
	require.ErrorContains(t, err, "holds no data")
}
