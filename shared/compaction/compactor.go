package compaction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// ErrStale is returned for a job whose sources are not all there any more, or
// were replaced, since it was planned. There is nothing to be done about it.
var ErrStale = errors.New("sources were replaced or deleted since the job was planned")

const (
	// attempts is how often a write is tried.
	attempts = 3
	// backoff is the wait before the second attempt; it doubles.
	backoff = 100 * time.Millisecond
)

// Store is what a compactor needs of the object store.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// Index is what a compactor needs of the block index; blockindex.Index has it.
type Index interface {
	Finder
	Insert(ctx context.Context, row blockindex.Row) error
}

// Finder is what a planner needs of it.
type Finder interface {
	Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error)
	Tenants(ctx context.Context) ([]profile.TenantID, error)
}

// Retention tells what counts of a tenant; retention.Reader does.
type Retention interface {
	Of(ctx context.Context, tenant profile.TenantID) (retention.Rules, error)
	Empty(ctx context.Context, tenant profile.TenantID) (map[string]bool, error)
}

// Deps are what a compactor works with.
type Deps struct {
	Store  Store
	Index  Index
	Blocks *block.Reader // reads from Store
	// Retention are the rules of what counts; nil is that all does.
	Retention Retention
	Now       func() time.Time
	Log       *slog.Logger
	// Sleep waits between attempts; nil is time.Sleep.
	Sleep func(time.Duration)
}

// Compactor merges blocks. Run may be called from many goroutines, RunAll from
// one at a time.
type Compactor struct {
	policy Policy
	Deps
	wholeAt time.Time // when RunAll looked at all of time last
}

// New returns a compactor.
func New(p Policy, d Deps) *Compactor {
	if d.Sleep == nil {
		d.Sleep = time.Sleep
	}
	return &Compactor{policy: p, Deps: d}
}

// Run does a job and returns the description of the merged block. A job that
// was done already, by whomever, is a success. The sources stay. One of whose
// sources nothing counts is block.ErrNothingCounts.
func (c *Compactor) Run(ctx context.Context, j Job) (*block.Meta, error) {
	meta, err := c.run(ctx, j)
	if err != nil {
		return nil, fmt.Errorf("compact %d blocks of tenant %s into %s: %w", len(j.Sources), j.Tenant, j.ID, err)
	}
	return meta, nil
}

func (c *Compactor) run(ctx context.Context, j Job) (*block.Meta, error) {
	done, err := c.check(ctx, j)
	if done != nil || err != nil {
		return done, err
	}
	meta, err := c.merge(ctx, j)
	if err != nil {
		return nil, err
	}
	return c.commit(ctx, j, meta)
}

// commit inserts the row of a merged block, which the index refuses if its
// sources are not as they were.
func (c *Compactor) commit(ctx context.Context, j Job, meta *block.Meta) (*block.Meta, error) {
	row := blockindex.Row{
		Tenant: j.Tenant, ID: j.ID, Level: j.Level, MinTime: meta.MinTime, MaxTime: meta.MaxTime,
		CommittedAt: c.Now().UnixMilli(), Sources: j.sourceIDs(), Detail: meta.Append(nil),
	}
	// The row's range must cover the sources' so that whoever finds one of
	// them finds what replaces it.
	for i := range j.Sources {
		row.MinTime, row.MaxTime = min(row.MinTime, j.Sources[i].MinTime), max(row.MaxTime, j.Sources[i].MaxTime)
	}
	err := c.retry(ctx, func() error { return c.Index.Insert(ctx, row) })
	if errors.Is(err, blockindex.ErrConflict) || errors.Is(err, blockindex.ErrTaken) {
		// Somebody else has inserted it, at another time, or one that shares a
		// source with it.
		if done, err := c.check(ctx, j); done != nil || err != nil {
			return done, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("insert index row: %w", err)
	}
	return meta, nil
}

// check looks at the sources' rows. It returns the merged block's description
// if its row is there, ErrStale if a source is not, and nothing if there is
// work to do.
func (c *Compactor) check(ctx context.Context, j Job) (*block.Meta, error) {
	from, to := int64(math.MaxInt64), int64(0)
	missing := make(map[string]bool)
	for i := range j.Sources {
		from, to = min(from, j.Sources[i].MinTime), max(to, j.Sources[i].MaxTime)
		missing[j.Sources[i].ID] = true
	}
	rows, err := c.Index.Find(ctx, j.Tenant, from, to)
	if err != nil {
		return nil, fmt.Errorf("look for the sources: %w", err)
	}
	for i := range rows {
		if rows[i].ID == j.ID {
			return block.ParseMeta(rows[i].Detail)
		}
		delete(missing, rows[i].ID)
	}
	if len(missing) > 0 {
		return nil, ErrStale
	}
	return nil, nil
}

// retry tries again what is safe to do twice and may yet succeed.
func (c *Compactor) retry(ctx context.Context, f func() error) error {
	var err error
	wait := backoff
	for i := range attempts {
		if i > 0 {
			c.Sleep(wait)
			wait *= 2
		}
		err = f()
		final := errors.Is(err, objstore.ErrExists) || errors.Is(err, blockindex.ErrConflict) || errors.Is(err, blockindex.ErrTaken)
		if err == nil || ctx.Err() != nil || final {
			return err
		}
	}
	return err
}
