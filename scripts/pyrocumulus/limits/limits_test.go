package limits

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	_, err := boltrecords.Open(filepath.Join(dir, datadir.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	line := commandtest.New(t, Command(), "-data", dir)
	must := line.Run
	require.Equal(t, "30\n", must("get", "acme", "max_labels"))
	require.Equal(t, "acme, within a minute:\n  ingestion_rate=16MiB\n  max_labels=50\n", must("set", "acme", "max_labels=50", "ingestion_rate=16MiB"))
	require.Equal(t, "50\n", must("get", "acme", "max_labels"))
	require.Equal(t, "30\n", must("get", "other", "max_labels"))
	require.Regexp(t, `ingestion_rate +16MiB +4MiB +a number of bytes from 0 to 1024GiB +how many bytes`, must("list", "acme"))
	rules := filepath.Join(dir, "rules.json")
	require.NoError(t, os.WriteFile(rules, []byte(`[{"regex":"pod","action":"labeldrop"}]`), 0o600))
	must("set", "acme", "relabel_rules=@"+rules, `sampling={"shop": 0.1}`)
	require.Equal(t, `[{"regex":"pod","action":"labeldrop"}]`+"\n", must("get", "acme", "relabel_rules"))
	require.Equal(t, "[]\n", must("get", "other", "relabel_rules"))
	require.NotContains(t, must("unset", "acme", "max_labels"), "max_labels")
	require.JSONEq(t, `{"tenant": "other", "limits": []}`, must("unset", "other", "max_labels", "-json"))
	require.JSONEq(t, `{"limit": "max_labels", "value": "30"}`, must("get", "-json", "acme", "max_labels"))
	line.Env = map[string]string{"PYROCUMULUS_MAX_LABELS": "40"}
	require.Equal(t, "40\n", must("get", "acme", "max_labels"))
	line.Env = nil
	require.Equal(t, "30\n", must("get", "acme", "max_labels"))

	for _, tt := range []struct {
		want string
		code int
		args []string
	}{
		{"say list, get, set or unset", 2, nil},
		{"say list, get, set or unset", 2, []string{"show"}},
		{"name the tenant", 2, []string{"list"}},
		{"tenant ID is invalid", 2, []string{"list", "a/b"}},
		{`"x" is not a flag`, 2, []string{"list", "acme", "x"}},
		{"name one limit", 2, []string{"get", "acme"}},
		{"LIMIT=VALUE", 2, []string{"set", "acme"}},
		{"LIMIT=VALUE", 2, []string{"set", "acme", "max_labels"}},
		{"unset what", 2, []string{"unset", "acme"}},
		{`unknown limit "max_label", want one of ingestion_rate, `, 2, []string{"set", "acme", "max_label=1"}},
		{"unknown limit", 2, []string{"get", "acme", "max_label"}},
		{"unknown limit", 2, []string{"unset", "acme", "max_label"}},
		{"read the value of relabel_rules", 1, []string{"set", "acme", "relabel_rules=@/none"}},
		{`bad value of relabel_rules: bad relabel rules: rule 1: unknown action "x"`, 1, []string{"set", "acme", `relabel_rules=[{"action":"x"}]`}},
		{"bad value of sampling: bad sampling: 7 is not from 0 to 1", 1, []string{"set", "acme", "sampling=7"}},
		{`bad value of max_labels: "0" is not a whole number from 1 to 1000`, 1, []string{"set", "acme", "max_labels=0"}},
	} {
		_, err := line.Try(tt.args...)
		require.ErrorContains(t, err, tt.want, "%v", tt.args)
		require.Equal(t, tt.code, line.Code, "%v", tt.args)
	}
	_, err = line.Try("list", "-data", t.TempDir(), "acme")
	require.ErrorContains(t, err, "holds no data")
}
