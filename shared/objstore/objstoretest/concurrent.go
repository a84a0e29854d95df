package objstoretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

const writers = 32

// raceOfPuts lets 32 goroutines put different bodies under one key, and checks
// that exactly one got through and that its body is what is there.
func raceOfPuts(t *testing.T, key string, size int, stores ...objstore.Store) {
	t.Helper()
	start := make(chan struct{})
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			<-start
			errs[i] = stores[i%len(stores)].Put(t.Context(), key, bodyOf(i, size))
		})
	}
	close(start)
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err == nil {
			require.Equal(t, -1, winner, "puts %d and %d both succeeded", winner, i)
			winner = i
			continue
		}
		require.ErrorIs(t, err, objstore.ErrExists)
	}
	require.NotEqual(t, -1, winner, "no put succeeded")
	for _, s := range stores {
		has(t, s, key, string(bodyOf(winner, size)))
	}
}

func testPutRace(t *testing.T, s objstore.Store) {
	for round := range 4 {
		raceOfPuts(t, fmt.Sprintf("t/%d/k", round), 16+round*50_000, s)
	}
}

func testPutRaceEqual(t *testing.T, s objstore.Store) {
	body := bodyOf(1, 100_000)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { errs[i] = s.Put(t.Context(), "t/k", body) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	has(t, s, "t/k", string(body))
}

func testAtomic(t *testing.T, s objstore.Store) {
	for round := range 4 {
		key := fmt.Sprintf("t/%d/k", round)
		body := bodyOf(round, 2<<20)
		var wg sync.WaitGroup
		var done atomic.Bool
		ready := make(chan struct{}, 2)
		results := make(chan error, 2)
		wg.Go(func() { results <- readUntil(t.Context(), s, key, body, ready, &done) })
		wg.Go(func() { results <- listUntil(t.Context(), s, key, len(body), ready, &done) })
		<-ready
		<-ready
		err := s.Put(t.Context(), key, body)
		done.Store(true)
		wg.Wait()
		require.NoError(t, err)
		require.NoError(t, <-results)
		require.NoError(t, <-results)
	}
}

// readUntil reads an object over and over while it is put: it may be absent,
// then it must be whole, and stay. The last round begins after done.
func readUntil(ctx context.Context, s objstore.Store, key string, body []byte, ready chan<- struct{}, done *atomic.Bool) error {
	seen := false
	for last := false; ; last = done.Load() {
		got, err := s.Get(ctx, key)
		tail, tailErr := s.GetRange(ctx, key, int64(len(body)-3), 3)
		switch {
		case errors.Is(err, objstore.ErrNotExist) && !seen && !last:
		case err != nil:
			return fmt.Errorf("get, the object seen before: %v, put: %v: %w", seen, last, err)
		case string(got) != string(body):
			return fmt.Errorf("get gave %d bytes of %d, or others", len(got), len(body))
		default:
			seen = true
		}
		switch {
		case errors.Is(tailErr, objstore.ErrNotExist) && !seen && !last:
		case tailErr != nil:
			return fmt.Errorf("get the end, the object seen before: %v: %w", seen, tailErr)
		case string(tail) != string(body[len(body)-3:]):
			return fmt.Errorf("the end is %q", tail)
		default:
			seen = true
		}
		if last {
			return nil
		}
		signal(ready)
	}
}

// listUntil does the same with List.
func listUntil(ctx context.Context, s objstore.Store, key string, size int, ready chan<- struct{}, done *atomic.Bool) error {
	seen := false
	for last := false; ; last = done.Load() {
		infos, err := s.List(ctx, key, "", 2)
		switch {
		case err != nil:
			return err
		case len(infos) == 0 && !seen && !last:
		case len(infos) != 1 || infos[0].Size != int64(size):
			return fmt.Errorf("list gave %v, want one object of %d bytes", infos, size)
		default:
			seen = true
		}
		if last {
			return nil
		}
		signal(ready)
	}
}

// signal tells, once, that a reader is running; later signals are dropped.
func signal(ready chan<- struct{}) {
	select {
	case ready <- struct{}{}:
	default:
	}
}

func testPutsBesideDeletes(t *testing.T, s objstore.Store) {
	const rounds = 40
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = putAndDelete(t.Context(), s, i, rounds) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	want := []string{}
	for i := range errs {
		want = append(want, fmt.Sprintf("t/a/b/%d/last", i))
	}
	require.Equal(t, want, keys(t, s, ""))
}

// putAndDelete puts and deletes objects that share their first parts with those
// of other goroutines, so that a store made of directories must make and drop
// the same ones all the time.
func putAndDelete(ctx context.Context, s objstore.Store, i, rounds int) error {
	for n := range rounds {
		key, body := fmt.Sprintf("t/a/b/%d/%d", i, n), bodyOf(n, 10)
		if n%2 == 1 {
			key = fmt.Sprintf("t/a/c/%d", i)
		}
		if err := s.Put(ctx, key, body); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		got, err := s.Get(ctx, key)
		if err != nil || string(got) != string(body) {
			return fmt.Errorf("round %d: got %q: %w", n, got, err)
		}
		infos, err := s.List(ctx, key, "", 1)
		if err != nil || len(infos) != 1 || infos[0].Key != key {
			return fmt.Errorf("round %d: listed %v: %w", n, infos, err)
		}
		if err := s.Delete(ctx, key); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		if _, err := s.Get(ctx, key); !errors.Is(err, objstore.ErrNotExist) {
			return fmt.Errorf("round %d: get after delete: %w", n, err)
		}
	}
	return s.Put(ctx, fmt.Sprintf("t/a/b/%d/last", i), nil)
}

func testCancelled(t *testing.T, s objstore.Store) {
	put(t, s, "t/there", "x")
	cause := errors.New("the reason of the test")
	withCause, cancelCause := context.WithCancelCause(t.Context())
	cancelCause(cause)
	plain, cancel := context.WithCancel(t.Context())
	cancel()
	for ctx, want := range map[context.Context]error{withCause: cause, plain: context.Canceled} {
		for _, key := range []string{"t/there", "t/absent"} {
			for method, err := range methods(ctx, s, key) {
				require.ErrorIs(t, err, want, "%s of %s", method, key)
			}
		}
		_, err := s.List(ctx, "", "", 10)
		require.ErrorIs(t, err, want)
	}
}
