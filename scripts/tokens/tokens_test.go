package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	store, err := boltrecords.Open(filepath.Join(dir, host.RecordsFile), boltrecords.Options{}) // as the host has it
	require.NoError(t, err)
	now := time.Now()
	do := func(verb string, args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{verb, "-data", dir, "-table", ""}, args...), &out, func() time.Time { return now })
		return out.String(), err
	}
	must := func(verb string, args ...string) string {
		t.Helper()
		out, err := do(verb, args...)
		require.NoError(t, err)
		return out
	}
	textOf := func(out string) string { return regexp.MustCompile(`pyc_\S+`).FindString(out) }
	check := func(text string) error {
		_, err := token.NewChecker(store, func() time.Time { return now }, nil).Check(t.Context(), text)
		return err
	}

	first := textOf(must("create", "-scopes", "query", "-name", "grafana", "-reads", "globex, initech", "-expires", "48h", "acme"))
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
		args []string
	}{
		{"name the tenant", []string{"create"}},
		{"tenant ID is invalid", []string{"create", "a/b"}},
		{`no scope "push", want some of [ingest query admin]`, []string{"create", "-scopes", "push", "acme"}},
		{"it has no scope", []string{"create", "-scopes", "", "acme"}},
		{"needs the scope query", []string{"create", "-scopes", "ingest", "-reads", "b", "acme"}},
		{"negative", []string{"create", "-expires", "-1h", "acme"}},
		{"flags come before", []string{"create", "acme", "-name", "x"}},
		{"by its id", []string{"revoke", "acme"}},
		{"unknown token", []string{"revoke", "acme", "x"}},
		{"unknown token", []string{"revoke", "globex", parsed.ID}},
		{"token has ended", []string{"rotate", "acme", parsed.ID}},
		{"flag provided but not defined", []string{"list", "-name", "x", "acme"}},
	} {
		_, err := do(tt.args[0], tt.args[1:]...)
		require.ErrorContains(t, err, tt.want, "%v", tt.args)
	}
	for _, args := range [][]string{nil, {"show"}} {
		require.ErrorContains(t, run(t.Context(), args, &bytes.Buffer{}, nil), "say create, list, rotate or revoke")
	}
	err = run(t.Context(), []string{"list", "-table", "", "-data", t.TempDir(), "acme"}, &bytes.Buffer{}, nil)
	require.ErrorContains(t, err, "holds no data")
}
