package resultcache

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Settings say what is kept.
type Settings struct {
	// MinBytes is how much a task must have to read, about. Less is answered
	// faster than a result is fetched.
	MinBytes int64
	// MinBytesFirst is the same for what this process was not asked before: to
	// cut a small task in parts makes the first answer dearer by half.
	MinBytesFirst int64
	// Settle is how long ago a slice must have ended. It is no matter of right
	// or wrong: what changes soon is not worth keeping.
	Settle time.Duration
	// SettleRecent is the same for what is kept in memory only, see recent.go.
	SettleRecent time.Duration
	// MaxObjectBytes is the largest result that is kept.
	MaxObjectBytes int
}

// DefaultSettings are those of a function on AWS.
func DefaultSettings() Settings {
	return Settings{MinBytes: 1 << 20, MinBytesFirst: 4 << 20, Settle: 5 * time.Minute, SettleRecent: 2 * time.Minute, MaxObjectBytes: 32 << 20}
}

// MaxAge is how long a result is kept before it is swept, used or not: blocks
// that are as old as a day are merged to the end, so that no result is made
// again more than once a day for long.
const MaxAge = 24 * time.Hour

// Store is the part of an object store that is used.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// Cache keeps results. It may be used by many goroutines; a nil one plans
// nothing.
type Cache struct {
	settings Settings
	store    Store
	memory   *bytecache.Cache
	now      func() time.Time
	log      *slog.Logger
}

// New returns a cache that keeps results in a store and, if memory is not nil,
// in memory as well. now is the clock.
func New(s Settings, store Store, memory *bytecache.Cache, now func() time.Time, log *slog.Logger) *Cache {
	return &Cache{settings: s, store: store, memory: memory, now: now, log: log}
}

// Run answers a task that is about a part of the time of that which was planned.
type Run func(context.Context, engine.Task) (*engine.Report, error)

// Used is what of an answer was there: Hits of the Slices.
type Used struct{ Slices, Hits int }

// parallel is how many parts of a task are answered at once.
const parallel = 4

// putTime bounds how long an answer waits until a result is kept.
const putTime = 3 * time.Second

// Answer answers the task of a plan: what is not kept and the edges by run,
// several at a time. Errors are those of run, or engine.ErrTooManyPoints.
func (c *Cache) Answer(ctx context.Context, p *Plan, run Run) (*engine.Report, Used, error) {
	used := Used{Slices: len(p.slices)}
	reports := make([]*engine.Report, 1+len(p.edges), 2+len(p.edges))
	var fresh *engine.Report
	g, groupCtx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		reports[0], used.Hits, err = c.slices(groupCtx, p, run)
		return err
	})
	for i := range p.edges {
		g.Go(func() (err error) {
			reports[1+i], err = run(groupCtx, p.edges[i].task)
			return err
		})
	}
	if p.recent != nil {
		g.Go(func() (err error) {
			fresh, err = c.recent(groupCtx, p, run)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, used, err
	}
	if p.recent != nil {
		if err := fresh.Spread(&p.recent.task.Grouping, &p.task.Grouping); err != nil {
			return nil, used, err
		}
		reports = append(reports, fresh)
	}
	out := reports[0]
	if err := out.Spread(&p.middle.task.Grouping, &p.task.Grouping); err != nil {
		return nil, used, err
	}
	for _, r := range reports[1:] {
		out.Merge(r)
	}
	return out, used, out.Check(&p.task)
}

// slices returns the sum of all slices, and how many of them were there.
func (c *Cache) slices(ctx context.Context, p *Plan, run Run) (*engine.Report, int, error) {
	if r := c.get(ctx, p, &p.middle); r != nil {
		return r, len(p.slices), nil
	}
	// To answer slice by slice is dearer than all at once, for the symbols of a
	// block are read for each of its slices. It pays for those who come again.
	if len(p.slices) == 1 || !c.seen(ctx, p) {
		r, err := c.compute(ctx, p, &p.middle, run)
		return r, 0, err
	}
	reports := make([]*engine.Report, len(p.slices))
	var hits atomic.Int64
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i := range p.slices {
		g.Go(func() (err error) {
			s := &p.slices[i]
			if reports[i] = c.get(groupCtx, p, s); reports[i] != nil {
				hits.Add(1)
				return nil
			}
			reports[i], err = c.compute(groupCtx, p, s, run)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, int(hits.Load()), err
	}
	out := engine.NewReport(p.task.Want)
	for i, r := range reports {
		if err := r.Spread(&p.slices[i].task.Grouping, &p.middle.task.Grouping); err != nil {
			return nil, int(hits.Load()), err
		}
		out.Merge(r)
		if err := out.Check(&p.middle.task); err != nil {
			return nil, int(hits.Load()), err
		}
	}
	c.put(ctx, p, &p.middle, out)
	return out, int(hits.Load()), nil
}

// seen reports whether the same was asked before, of whatever time, and makes
// that it is the next time.
func (c *Cache) seen(ctx context.Context, p *Plan) bool {
	k := bytecache.Key{Tenant: p.tenant, Object: p.mark}
	if _, held := c.memory.Get(k); held {
		return true
	}
	mark := []byte{version}
	c.memory.Put(k, mark)
	if _, err := c.store.Get(ctx, p.mark); err == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	if err := c.store.Put(ctx, p.mark, mark); err != nil {
		c.warn(ctx, "mark a query as seen", p, p.mark, err)
	}
	return false
}

// compute answers a slice and keeps the result.
func (c *Cache) compute(ctx context.Context, p *Plan, s *part, run Run) (*engine.Report, error) {
	r, err := run(ctx, s.task)
	if err == nil {
		c.put(ctx, p, s, r)
	}
	return r, err
}

// get returns a result that is kept; nil if there is none.
func (c *Cache) get(ctx context.Context, p *Plan, s *part) *engine.Report {
	k := bytecache.Key{Tenant: p.tenant, Object: s.key}
	body, held := c.memory.Get(k)
	var err error
	if !held {
		body, err = c.store.Get(ctx, s.key)
	}
	var r *engine.Report
	if err == nil {
		r, err = unseal(body, s.task)
	}
	if err != nil {
		if !errors.Is(err, objstore.ErrNotExist) && ctx.Err() == nil {
			c.warn(ctx, "read a kept result", p, s.key, err)
		}
		return nil
	}
	if !held {
		c.memory.Put(k, body)
	}
	return r
}

// put keeps a result. That another has kept other bytes of the same is no
// failure: a report can be written in several ways.
func (c *Cache) put(ctx context.Context, p *Plan, s *part, r *engine.Report) {
	body := seal(r)
	if len(body) > c.settings.MaxObjectBytes {
		return
	}
	c.memory.Put(bytecache.Key{Tenant: p.tenant, Object: s.key}, body)
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	if err := c.store.Put(ctx, s.key, body); err != nil && !errors.Is(err, objstore.ErrExists) {
		c.warn(ctx, "keep a result", p, s.key, err)
	}
}

func (c *Cache) warn(ctx context.Context, what string, p *Plan, key string, err error) {
	c.log.LogAttrs(ctx, slog.LevelWarn, what, slog.String(telemetry.KeyTenant, string(p.tenant)),
		slog.String(telemetry.KeyKey, key), telemetry.Err(err))
}
