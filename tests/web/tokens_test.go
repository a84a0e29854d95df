package web

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// startLocked runs a host that asks for tokens, as on AWS, and returns what
// scripts find it by: its URL, and tokens of the tenant acme with one scope each.
func startLocked(t *testing.T) []string {
	t.Helper()
	data := t.TempDir()
	environment := []string{"LOCKED=" + startHostIn(t, config.AuthToken, data)}
	store, err := boltrecords.Open(filepath.Join(data, datadir.RecordsFile), boltrecords.Options{})
	require.NoError(t, err)
	defer store.Close()
	for name, scope := range map[string]token.Scope{"INGEST_TOKEN": token.ScopeIngest, "QUERY_TOKEN": token.ScopeQuery} {
		_, text, err := token.Admin{Store: store, Now: time.Now}.Create(t.Context(), token.Spec{Tenant: "acme", Scopes: []token.Scope{scope}})
		require.NoError(t, err)
		environment = append(environment, name+"="+text.Reveal())
	}
	return environment
}
