package clients

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// tenant owns what clients send; stranger is another one.
const tenant, stranger = "acme", "globex"

// server is a local host that wants tokens.
type server struct {
	url    string
	tokens map[string]string // of tenants
	since  time.Time
}

// startHost runs a host until the test ends, and makes tokens as pyrocumulus
// tokens does.
func startHost(t *testing.T) *server {
	t.Helper()
	s := &server{tokens: make(map[string]string), since: time.Now().Add(-time.Minute)}
	ready, stopped := make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	c := host.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), FlushInterval: 200 * time.Millisecond, Auth: config.AuthToken,
		Lookup: func(string) (string, bool) { return "", false },
		Log:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready:  func(url string) { ready <- url },
	}
	go func() { stopped <- host.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-stopped)
	})
	select {
	case s.url = <-ready:
	case err := <-stopped:
		stopped <- nil
		require.NoError(t, err)
	}
	store, err := boltrecords.Open(filepath.Join(c.Data, datadir.RecordsFile), boltrecords.Options{})
	require.NoError(t, err)
	for _, owner := range []string{tenant, stranger} {
		_, text, err := token.Admin{Store: store, Now: time.Now}.Create(t.Context(), token.Spec{
			Tenant: profile.TenantID(owner), Scopes: []token.Scope{"ingest", "query"},
		})
		require.NoError(t, err)
		s.tokens[owner] = text.Reveal()
	}
	require.NoError(t, store.Close())
	return s
}

// environment is what the document says to set.
func (s *server) environment() []string {
	return []string{"PYROCUMULUS_URL=" + s.url, "PYROCUMULUS_TENANT=" + tenant, "PYROCUMULUS_TOKEN=" + s.tokens[tenant]}
}
