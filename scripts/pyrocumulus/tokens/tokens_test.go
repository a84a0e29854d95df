package tokens

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	store, err := boltrecords.Open(filepath.Join(dir, datadir.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	now := time.Now()
	line := commandtest.New(t, Command(), "-data", dir)
	line.Now = func() time.Time { return now }
	must := line.Run
	textOf := func(out string) string { return regexp.MustCompile(`pyc_\S+`).FindString(out) }
	check := func(text string) error {
		_, err := token.NewChecker(store, func() time.Time { return now }, nil).Check(t.Context(), text)
		return err
	}

	first := textOf(must("create", "acme", "-scopes", "query", "-name", "grafana", "-reads", "globex, initech", "-expires", "48h"))
	require.NoError(t, check(first))
	parsed, err := token.Parse(first)
	require.NoError(t, err)
	listed := must("list", "acme")
	require.Regexp(t, parsed.ID+` +grafana +query +globex,initech +\S+ +valid until `, listed)
	require.NotContains(t, listed, first[len(first)-52:])
	require.NotContains(t, must("list", "globex"), parsed.ID)

	second := textOf(must("rotate", "-grace", "1h", "acme", parsed.ID))
	require.NotEqual(t, first, second)
	require.NoError(t, check(first))
	require.NoError(t, check(second))
	var third struct{ Tenant, ID, Token string }
	require.NoError(t, json.Unmarshal([]byte(must("rotate", "-json", "-grace", "0", "acme", parsed.ID)), &third))
	require.Equal(t, "acme", third.Tenant)
	require.Equal(t, parsed.ID, third.ID)
	require.NoError(t, check(third.Token))
	require.ErrorIs(t, check(second), token.ErrInvalid)

	require.Contains(t, must("revoke", "acme", parsed.ID), "within a minute")
	require.ErrorIs(t, check(third.Token), token.ErrRevoked)
	var all []token.Token
	require.NoError(t, json.Unmarshal([]byte(must("list", "-json", "acme")), &all))
	require.Len(t, all, 1)
	require.False(t, all[0].Revoked.IsZero())

	for _, tt := range []struct {
		want string
		code int
		args []string
	}{
		{"name the tenant", 2, []string{"create"}},
		{"tenant ID is invalid", 2, []string{"create", "a/b"}},
		{`no scope "push", want some of [ingest query admin]`, 1, []string{"create", "-scopes", "push", "acme"}},
		{"it has no scope", 1, []string{"create", "-scopes", "", "acme"}},
		{"needs the scope query", 1, []string{"create", "-scopes", "ingest", "-reads", "b", "acme"}},
		{"negative", 2, []string{"create", "-expires", "-1h", "acme"}},
		{`"x" is not a flag`, 2, []string{"create", "acme", "x"}},
		{"by its id", 2, []string{"revoke", "acme"}},
		{"unknown token", 1, []string{"revoke", "acme", "x"}},
		{"unknown token", 1, []string{"revoke", "globex", parsed.ID}},
		{"token has ended", 1, []string{"rotate", "acme", parsed.ID}},
		{"there is no flag -name", 2, []string{"list", "-name", "x", "acme"}},
		{"say create, list, rotate or revoke first", 2, nil},
		{`no verb "show": say create, list, rotate or revoke`, 2, []string{"show"}},
		{`no verb "lits"; is it "list"?`, 2, []string{"lits"}},
		{"name the table of records with -table or PYROCUMULUS_RECORDS_TABLE", 2, []string{"list", "-aws", "acme"}},
	} {
		_, err := line.Try(tt.args...)
		require.ErrorContains(t, err, tt.want, "%v", tt.args)
		require.Equal(t, tt.code, line.Code, "%v", tt.args)
	}
	_, err = line.Try("list", "-data", t.TempDir(), "acme")
	require.ErrorContains(t, err, "holds no data")
}
