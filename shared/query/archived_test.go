package query_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"

	"net/http/httptest"
)

// archive is a store that has moved objects to where they cannot be read.
type archive struct {
	objstore.Reader
	keys map[string]bool
}

func (a archive) Get(ctx context.Context, key string) ([]byte, error) {
	if a.keys[key] {
		return nil, objstore.ErrArchived
	}
	return a.Reader.Get(ctx, key)
}

func (a archive) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if a.keys[key] {
		return nil, objstore.ErrArchived
	}
	return a.Reader.GetRange(ctx, key, offset, length)
}

// A query about what is archived says which time that is and what to do, whoever
// reads the blocks; a partial answer lacks it.
func TestWhatIsArchivedIsSaid(t *testing.T) {
	w := newWorld(t, query.Settings{})
	for i := range 9 { // more than may fail
		w.store(t, "anonymous", cpuProfile(minute(i).UnixNano(), service("api"), cpu("main", 5)))
	}
	rows, err := w.index.Find(t.Context(), "anonymous", 0, minute(60).UnixNano())
	require.NoError(t, err)
	store := archive{w.objects, map[string]bool{}}
	for i := range rows[:7] {
		store.keys[block.Key("anonymous", rows[i].ID)] = true
	}
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	alone := w.deps(t, w.index)
	alone.Engine = engine.New(reader)
	divided := alone
	worker := queryworker.New(queryworker.Settings{}, queryworker.Deps{Engine: engine.New(reader), Log: alone.Log})
	divided.Backend = localbackend.New(worker.Answer, w.objects, time.Now)
	for name, h := range map[string]*query.Handler{
		"alone": query.New(query.Settings{}, alone), "divided": query.New(query.Settings{Fanout: over(3)}, divided),
	} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		w.server = server
		q := &querierv1.SelectMergeStacktracesRequest{ProfileTypeID: cpuID, LabelSelector: `{}`, Start: base, End: base + hour}
		_, err := ask(t, w.client().SelectMergeStacktraces, q)
		require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err), name)
		require.ErrorContains(t, err, "profiles from "+minute(0).UTC().Format(time.RFC3339)+" to "+minute(6).UTC().Format(time.RFC3339)+" are archived (7 of 9 blocks)", name)
		got, err := ask(t, w.client().SelectMergeStacktraces, q, query.HeaderAllowPartial, "true")
		require.NoError(t, err, name)
		require.Equal(t, int64(10), got.Flamegraph.Total, name)
	}
}
