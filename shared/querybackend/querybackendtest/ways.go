package querybackendtest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

func testLargeAnswer(t *testing.T, w *world) {
	b := w.open(t, w.worker(100), w)
	for range 2 { // each time under a key of its own
		a, err := b.Ask(t.Context(), w.request(tree()))
		require.NoError(t, err)
		require.Equal(t, w.want(t, tree(), w.blocks), render(a.Report))
	}
	objects, err := w.store.List(t.Context(), querybackend.AnswerPrefix(tenant), "", objstore.MaxListKeys)
	require.NoError(t, err)
	require.Len(t, objects, 2)
	require.Empty(t, w.store.Reused())
}

// An answer that names an object of another tenant, or none of an answer, is
// not read.
func testForeignAnswer(t *testing.T, w *world) {
	for _, key := range []string{querybackend.AnswerKey("beta", "1"), w.blocks[0].Key(), "acme/answers/absent"} {
		b := w.open(t, func(context.Context, querybackend.Call) (querybackend.Reply, error) {
			return querybackend.Reply{Key: key}, nil
		}, w)
		_, err := b.Ask(t.Context(), w.request(tree()))
		require.ErrorIs(t, err, querybackend.ErrWorker, key)
	}
	for _, body := range []string{"", "x", "\x01\x00\x00\x00\x00\x00\x00\x05"} {
		b := w.open(t, func(context.Context, querybackend.Call) (querybackend.Reply, error) {
			return querybackend.Reply{Answer: []byte(body)}, nil
		}, w)
		_, err := b.Ask(t.Context(), w.request(tree()))
		require.ErrorIs(t, err, querybackend.ErrWorker, body)
	}
}

func testWorkerDies(t *testing.T, w *world) {
	b := w.open(t, func(context.Context, querybackend.Call) (querybackend.Reply, error) {
		return querybackend.Reply{}, errors.New("signal: killed")
	}, w)
	_, err := b.Ask(t.Context(), w.request(tree()))
	require.ErrorIs(t, err, querybackend.ErrWorker)
}

func testCancelled(t *testing.T, w *world) {
	asked := make(chan struct{})
	over := make(chan struct{})
	defer close(over)
	b := w.open(t, func(ctx context.Context, _ querybackend.Call) (querybackend.Reply, error) {
		close(asked)
		select {
		case <-ctx.Done():
		case <-over: // one that cannot be told
		}
		return querybackend.Reply{}, ctx.Err()
	}, w)
	boom := errors.New("the client is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := b.Ask(ctx, w.request(tree()))
		done <- err
	}()
	<-asked
	cancel(boom)
	require.ErrorIs(t, <-done, boom)
	_, err := b.Ask(ctx, w.request(tree()))
	require.ErrorIs(t, err, boom)
}

func testConcurrency(t *testing.T, w *world) {
	b := w.open(t, w.worker(2000), w) // some through the store
	want := w.want(t, tree(), w.blocks)
	var g errgroup.Group
	for range 12 {
		g.Go(func() error {
			a, err := b.Ask(t.Context(), w.request(tree()))
			if err == nil && a.Report.Tree.Total() == 0 {
				err = errors.New("the report is empty")
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
	a, err := b.Ask(t.Context(), w.request(tree()))
	require.NoError(t, err)
	require.Equal(t, want, render(a.Report))
}
