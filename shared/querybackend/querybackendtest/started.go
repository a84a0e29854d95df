package querybackendtest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// startTime is far longer than what is started here takes.
const startTime = time.Minute

// starter is the adapter as a Starter.
func (w *world) starter(t *testing.T) querybackend.Starter {
	s, ok := w.open(t, w.worker(100), w).(querybackend.Starter)
	require.True(t, ok, "the adapter is no Starter")
	return s
}

// reply waits for a reply.
func (w *world) reply(t *testing.T, r *querybackend.Request, key string) (a *querybackend.Answer, err error) {
	require.Eventually(t, func() bool {
		a, err = querybackend.OpenStarted(t.Context(), w.store, r, key)
		return !errors.Is(err, objstore.ErrNotExist)
	}, startTime, time.Millisecond)
	return a, err
}

func testStarted(t *testing.T, w *world) {
	r := w.request(tree())
	key := querybackend.AnswerKey(tenant, "started")
	_, err := querybackend.OpenStarted(t.Context(), w.store, r, key)
	require.ErrorIs(t, err, objstore.ErrNotExist)
	require.NoError(t, w.starter(t).Start(t.Context(), r, key, startTime))
	a, err := w.reply(t, r, key)
	require.NoError(t, err)
	require.Equal(t, w.want(t, tree(), w.blocks), render(a.Report))
	require.Empty(t, w.store.Reused())
}

// What goes wrong is told by the reply; what is another tenant's is not read.
func testStartedBadly(t *testing.T, w *world) {
	s := w.starter(t)
	r := w.request(tree())
	_, err := querybackend.OpenStarted(t.Context(), w.store, r, querybackend.AnswerKey("beta", "x"))
	require.ErrorIs(t, err, querybackend.ErrWorker)
	for _, b := range w.blocks {
		w.broken.Store(b.Key(), errors.New("no"))
	}
	key := querybackend.AnswerKey(tenant, "broken")
	require.NoError(t, s.Start(t.Context(), r, key, startTime))
	a, err := w.reply(t, r, key)
	if err == nil {
		require.NotEmpty(t, a.Failed)
		return
	}
	require.ErrorIs(t, err, querybackend.ErrWorker)
}
