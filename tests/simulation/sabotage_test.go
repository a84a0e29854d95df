package simulation

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// A simulation that cannot fail proves nothing. Here the contracts lie to the
// drainers, each in the way in which a drainer would go wrong that broke one of
// its rules, and within some histories it must be noticed.

// lateStore says that it has stored a block, and stores it when the next
// messages are deleted: as if the order were index, delete, object.
type lateStore struct {
	drainerStore
	orders *orders
}

func (s lateStore) Put(_ context.Context, key string, body []byte) error {
	s.orders.add(func(ctx context.Context) error { return s.drainerStore.Put(ctx, key, body) })
	return nil
}

// lateIndex says that it has inserted a row, and inserts it after messages were
// deleted: as if the order were object, delete, index.
type lateIndex struct {
	blockindex.Index
	orders *orders
}

func (x lateIndex) Insert(_ context.Context, row blockindex.Row) error {
	x.orders.add(func(ctx context.Context) error { return x.Index.Insert(ctx, row) })
	return nil
}

// earlyDelete carries out orders after it has deleted messages.
type earlyDelete struct {
	queue.Receiver
	orders *orders
}

func (q earlyDelete) Delete(ctx context.Context, handles []string) []error {
	errs := q.Receiver.Delete(ctx, handles)
	q.orders.carryOut(ctx)
	return errs
}

// orders are what a process still has to do.
type orders struct{ list []func(context.Context) error }

func (o *orders) add(f func(context.Context) error) { o.list = append(o.list, f) }

func (o *orders) carryOut(ctx context.Context) {
	list := o.list
	o.list = nil
	for _, f := range list {
		if f(ctx) != nil {
			o.list = append(o.list, f)
		}
	}
}

// forgetfulIndex finds nothing: as if a drainer did not look for what it
// receives again.
type forgetfulIndex struct{ blockindex.Index }

func (forgetfulIndex) Find(context.Context, profile.TenantID, int64, int64) ([]blockindex.Row, error) {
	return nil, nil
}

// firstTimers makes every message one that is received for the first time, but
// for those that are pushed late.
type firstTimers struct{ queue.Receiver }

func (q firstTimers) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	ds, err := q.Receiver.Receive(ctx, limit, wait, visibility)
	for i := range ds {
		ds[i].Receives = 1
	}
	return ds, err
}

// carelessQueue says that messages are hidden for longer and does nothing: as
// if a drainer went on with what it does not hold any more.
type carelessQueue struct{ queue.Receiver }

func (carelessQueue) Extend(context.Context, []string, time.Duration) []error { return nil }

func TestBrokenRulesAreNoticed(t *testing.T) {
	for _, test := range []struct {
		name     string
		kinds    []string // of violations, one of which must show
		sabotage func() sabotage
	}{
		{"row before object", []string{lost, unreadable}, func() sabotage {
			o := make(map[*process]*orders)
			return sabotage{
				store: func(p *process, s drainerStore) drainerStore { o[p] = &orders{}; return lateStore{s, o[p]} },
				queue: func(p *process, q queue.Receiver) queue.Receiver { return earlyDelete{q, o[p]} },
			}
		}},
		{"delete before row", []string{lost}, func() sabotage {
			o := make(map[*process]*orders)
			return sabotage{
				index: func(p *process, x blockindex.Index) blockindex.Index { o[p] = &orders{}; return lateIndex{x, o[p]} },
				queue: func(p *process, q queue.Receiver) queue.Receiver { return earlyDelete{q, o[p]} },
			}
		}},
		{"what is received again is not looked for", []string{doubled}, func() sabotage {
			return sabotage{index: func(_ *process, x blockindex.Index) blockindex.Index { return forgetfulIndex{x} }}
		}},
		{"only what is pushed late is looked for", []string{doubled}, func() sabotage {
			return sabotage{queue: func(_ *process, q queue.Receiver) queue.Receiver { return firstTimers{q} }}
		}},
		{"what is not held is written", []string{doubled}, func() sabotage {
			return sabotage{queue: func(_ *process, q queue.Receiver) queue.Receiver { return carelessQueue{q} }}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			const enough = 400
			s := newShared(t)
			for seed := *firstSeed; seed < *firstSeed+enough; seed++ {
				for _, v := range live(t, s, seed, test.sabotage(), nil).violations {
					if slices.Contains(test.kinds, v.kind) {
						t.Logf("seed %d: %v", seed, v)
						return
					}
				}
			}
			require.Fail(t, "nobody noticed")
		})
	}
}
