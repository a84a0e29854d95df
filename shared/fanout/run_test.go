package fanout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// fake answers a shard by the number of its first block: with a tree whose
// total is how many blocks the shard has, after a time.
type fake struct {
	// on decides about the try of a shard, counted from 1.
	on func(ctx context.Context, block string, try int) error

	mu      sync.Mutex
	tries   map[string]int
	running map[profile.TenantID]int
	most    int // at the same time
	ended   int
}

func (f *fake) Ask(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
	id := r.Blocks[0].ID
	f.mu.Lock()
	if f.tries == nil {
		f.tries, f.running = make(map[string]int), make(map[profile.TenantID]int)
	}
	f.tries[id]++
	try := f.tries[id]
	f.running[r.Tenant]++
	all := 0
	for _, n := range f.running {
		all += n
	}
	f.most = max(f.most, all)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running[r.Tenant]--
		f.ended++
	}()
	if err := f.on(ctx, id, try); err != nil {
		return nil, err
	}
	a := &querybackend.Answer{Report: engine.NewReport(r.Task.Want)}
	a.Report.Tree.AddSelf(a.Report.Tree.Child(0, a.Report.Tree.Intern("f")), int64(len(r.Blocks)))
	a.Stats.Counts = readstats.Counts{Requests: 1, Bytes: 10}
	return a, nil
}

// sleep takes a time, unless the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func settings() fanout.Settings {
	s := fanout.DefaultSettings()
	s.Limits = fanout.Limits{InlineBytes: -1, WorkerBytes: mib, WorkerBlocks: 1, MaxWorkers: 32}
	return s
}

// asking is a query of n blocks, one a shard, at the fake.
func asking(t *testing.T, s fanout.Settings, f *fake, n int) (*fanout.Runner, fanout.Query) {
	r := fanout.New(s, fanout.Deps{Backend: f, Now: time.Now, Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil))})
	return r, fanout.Query{Tenant: "acme", Task: *task(t, engine.WantTree, "{}"), Blocks: several("acme", n, mib, "a")}
}

func id(n int) string { return described("acme", n, 1).ID }

func TestAnswersAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, _ string, _ int) error { return sleep(ctx, time.Second) }}
		r, q := asking(t, settings(), f, 8)
		began := time.Now()
		report, out, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(8), report.Tree.Total())
		require.Equal(t, time.Second, time.Since(began), "all at the same time")
		require.Equal(t, 8, out.Workers)
		require.Equal(t, 8, out.Blocks)
		require.Equal(t, readstats.Counts{Requests: 8, Bytes: 80}, out.Stats.Counts)
		require.Zero(t, out.Retries)
	})
}

func TestConcurrencyOfAQueryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, _ string, _ int) error { return sleep(ctx, time.Second) }}
		s := settings()
		s.Concurrency, s.TenantConcurrency = 5, 5
		r, q := asking(t, s, f, 20)
		report, _, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(20), report.Tree.Total())
		require.Equal(t, 5, f.most)
	})
}

// A worker that is much slower than half of the others is asked once more, and
// the first answer counts, once.
func TestALateWorkerIsAskedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, block string, try int) error {
			if block == id(3) && try == 1 {
				return sleep(ctx, time.Minute)
			}
			return sleep(ctx, time.Second)
		}}
		r, q := asking(t, settings(), f, 8)
		began := time.Now()
		report, out, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(8), report.Tree.Total())
		require.Equal(t, 1, out.Retries)
		require.Equal(t, 9, out.Workers)
		require.Equal(t, 9, f.ended, "nobody is left working")
		require.Equal(t, 4*time.Second, time.Since(began), "3 times the median, and the second try")
	})
}

// When all are slow, patience lasts for half of what a worker may take.
func TestHalfTheDeadlineIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, _ string, try int) error {
			if try == 1 {
				return sleep(ctx, 12*time.Second)
			}
			return sleep(ctx, 5*time.Second)
		}}
		r, q := asking(t, settings(), f, 2)
		began := time.Now()
		report, out, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(2), report.Tree.Total(), "the first answers won, the others were not merged")
		require.Equal(t, 2, out.Retries)
		require.Equal(t, 12*time.Second, time.Since(began))
	})
}

func TestAFailedWorkerIsAskedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(_ context.Context, block string, try int) error {
			if try == 1 {
				return querybackend.ErrWorker
			}
			return nil
		}}
		r, q := asking(t, settings(), f, 4)
		report, out, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(4), report.Tree.Total())
		require.Equal(t, 4, out.Retries)
	})
}

func TestTwoFailuresAreToldOrAPartOfTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := fmt.Errorf("%w: out of memory", querybackend.ErrWorker)
		f := &fake{on: func(_ context.Context, block string, _ int) error {
			if block == id(2) || block == id(4) {
				return boom
			}
			return nil
		}}
		r, q := asking(t, settings(), f, 5)
		_, out, err := r.Run(t.Context(), q)
		missing := new(fanout.MissingError)
		require.ErrorAs(t, err, &missing)
		require.Equal(t, &fanout.MissingError{Missing: 2, Blocks: 5, Err: boom}, missing)
		require.Equal(t, 2, out.Retries)
		require.Equal(t, []string{id(2), id(4)}, out.Missing)
		q.Partial = true
		report, out, err := r.Run(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, int64(3), report.Tree.Total())
		require.Equal(t, []string{id(2), id(4)}, out.Missing)
		// Nothing at all is no part.
		f.on = func(context.Context, string, int) error { return boom }
		_, _, err = r.Run(t.Context(), q)
		require.ErrorIs(t, err, querybackend.ErrWorker)
	})
}

func TestWhatCannotSucceedIsNotTriedAgain(t *testing.T) {
	for _, boom := range []error{querybackend.ErrRequest, querybackend.ErrTooLarge, engine.ErrTooManyPoints} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{on: func(context.Context, string, int) error { return boom }}
			r, q := asking(t, settings(), f, 3)
			q.Partial = true
			_, out, err := r.Run(t.Context(), q)
			require.ErrorIs(t, err, boom)
			require.Zero(t, out.Retries)
		})
	}
}

// When the time of the query is up, what is there is a part of the answer.
func TestTheTimeOfAQueryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, block string, _ int) error {
			if block == id(1) {
				return sleep(ctx, time.Hour)
			}
			return nil
		}}
		for _, partial := range []bool{false, true} {
			r, q := asking(t, settings(), f, 4)
			q.Partial = partial
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			report, out, err := r.Run(ctx, q)
			cancel()
			require.Equal(t, []string{id(1)}, out.Missing)
			if partial {
				require.NoError(t, err)
				require.Equal(t, int64(3), report.Tree.Total())
			} else {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorAs(t, err, new(*fanout.MissingError))
			}
		}
	})
}

func TestACancelledClientStopsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, _ string, _ int) error { return sleep(ctx, time.Hour) }}
		s := settings()
		s.Concurrency = 3 // some are still waiting for their turn
		r, q := asking(t, s, f, 6)
		q.Partial = true
		gone := errors.New("the client is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			time.Sleep(2 * time.Second)
			cancel(gone)
		}()
		began := time.Now()
		_, _, err := r.Run(ctx, q)
		require.ErrorIs(t, err, gone)
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Equal(t, 3, f.ended)
		// And its turns are free.
		f.on = func(context.Context, string, int) error { return nil }
		_, _, err = r.Run(t.Context(), q)
		require.NoError(t, err)
	})
}

// A tenant with many heavy queries does not keep another waiting.
func TestHeavyQueriesDoNotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{on: func(ctx context.Context, _ string, _ int) error { return sleep(ctx, time.Second) }}
		s := settings()
		s.Concurrency, s.TenantConcurrency, s.TenantQueries = 8, 6, 10
		r, heavy := asking(t, s, f, 32)
		var work sync.WaitGroup
		refused := 0
		var mu sync.Mutex
		for range 12 {
			work.Go(func() {
				if _, _, err := r.Run(t.Context(), heavy); errors.Is(err, fanout.ErrBusy) {
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
		}
		synctest.Wait()
		require.Equal(t, 2, refused)
		light := fanout.Query{Tenant: "beta", Task: heavy.Task, Blocks: several("beta", 2, mib, "a")}
		began := time.Now()
		_, _, err := r.Run(t.Context(), light)
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(began))
		work.Wait()
		require.Equal(t, 8, f.most)
	})
}

// gone is a backend that says of some blocks that they are not there.
type gone struct {
	fake
	ids map[string]bool
}

func (g *gone) Ask(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
	a, err := g.fake.Ask(ctx, r)
	for _, m := range r.Blocks {
		if g.ids[m.ID] {
			a.Gone = append(a.Gone, m.ID)
			a.Report = engine.NewReport(r.Task.Want)
		}
	}
	return a, err
}

// A block that was swept after the index was asked is found in what replaces it
// when the index is asked again; but only once.
func TestASweptBlockMakesANewPlan(t *testing.T) {
	g := &gone{fake: fake{on: func(context.Context, string, int) error { return nil }}, ids: map[string]bool{id(2): true}}
	r := fanout.New(settings(), fanout.Deps{Backend: g, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	planned := 0
	var then []*block.Meta
	q := fanout.Query{
		Tenant: "acme", Task: *task(t, engine.WantTree, "{}"), Blocks: several("acme", 3, mib, "a"),
		Again: func(context.Context) ([]*block.Meta, error) { planned++; return then, nil },
	}
	then = []*block.Meta{described("acme", 9, mib, "a"), described("acme", 3, mib, "a")}
	report, out, err := r.Run(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, int64(2), report.Tree.Total(), "of the second plan alone")
	require.Equal(t, 1, planned)
	require.Equal(t, 1, out.Replans)
	require.Equal(t, 2, out.Blocks)
	require.Equal(t, 5, out.Workers, "of both plans")
	require.Empty(t, out.Missing)

	then = q.Blocks // it is lost
	_, out, err = r.Run(t.Context(), q)
	require.ErrorIs(t, err, objstore.ErrNotExist)
	require.Equal(t, 2, planned)
	require.Equal(t, []string{id(2)}, out.Missing)
	q.Partial = true
	report, _, err = r.Run(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, int64(2), report.Tree.Total())

	boom := errors.New("no index")
	q.Again = func(context.Context) ([]*block.Meta, error) { return nil, boom }
	_, _, err = r.Run(t.Context(), q)
	require.ErrorIs(t, err, boom)
}
