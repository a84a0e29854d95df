package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// Settings say how a sweeper works.
type Settings struct {
	// Delay is how long a block stays after another has replaced it: longer
	// than any query takes.
	Delay time.Duration
	// OrphanAge is how old an object without a row must be: longer than it can
	// take from the put of an object to the insert of its row.
	OrphanAge time.Duration
	// Retention is how long a profile is kept, by its time, if Deps.Retention is
	// nil. A block goes when its latest profile is older. 0 keeps all.
	Retention time.Duration
}

// DefaultSettings are those of a function on AWS.
func DefaultSettings() Settings {
	return Settings{Delay: 15 * time.Minute, OrphanAge: time.Hour, Retention: 31 * 24 * time.Hour}
}

// Index is what a sweeper needs of the block index; blockindex.Index has it.
type Index interface {
	All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error)
	Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error
	Tenants(ctx context.Context) ([]profile.TenantID, error)
}

// Store is what a sweeper needs of the object store; objstore.Store has it.
type Store interface {
	objstore.Reader
	objstore.Lister
	Delete(ctx context.Context, key string) error
}

// Retention tells what counts of a tenant; retention.Reader does.
type Retention interface {
	Of(ctx context.Context, tenant profile.TenantID) (retention.Rules, error)
	Empty(ctx context.Context, tenant profile.TenantID) (map[string]bool, error)
}

// Deps are what a sweeper works with.
type Deps struct {
	Store Store
	Index Index
	// Retention are the rules of what counts of each tenant; nil is that
	// Settings.Retention says it of all.
	Retention Retention
	Now       func() time.Time
	Log       *slog.Logger
}

// Sweeper deletes what nobody needs. Its methods may be called from many
// goroutines and processes.
type Sweeper struct {
	settings Settings
	Deps
}

// New returns a sweeper.
func New(s Settings, d Deps) *Sweeper { return &Sweeper{settings: s, Deps: d} }

// Stats is what a run did.
type Stats struct {
	Replaced int // rows and objects that were deleted because others replace them
	Expired  int // rows that were deleted because nothing of their blocks counts any more
	Orphans  int // objects without a row that were deleted
	Answers  int // answers of query workers that were deleted
	Results  int // kept results of queries that were deleted for their age
	Uploads  int // uploaded bodies that were deleted
	Inbox    int // large profiles that no drainer came for that were deleted
	Bytes    int64
	Failed   int // tenants that were not swept to the end
}

// Add adds what another run did.
func (s *Stats) Add(o Stats) {
	s.Replaced += o.Replaced
	s.Expired += o.Expired
	s.Orphans += o.Orphans
	s.Answers += o.Answers
	s.Results += o.Results
	s.Uploads += o.Uploads
	s.Inbox += o.Inbox
	s.Bytes += o.Bytes
	s.Failed += o.Failed
}

// Rows deletes the rows of all tenants that were replaced or have expired, and
// the objects of those that were replaced. What fails does not keep other
// tenants from being swept; it is done by the next run.
func (s *Sweeper) Rows(ctx context.Context) (Stats, error) {
	var stats Stats
	tenants, err := s.Index.Tenants(ctx)
	if err != nil {
		return stats, fmt.Errorf("sweep: %w", err)
	}
	var errs []error
	for _, tenant := range tenants {
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
		t, err := s.tenantRows(ctx, tenant)
		if err != nil {
			t.Failed++
			errs = append(errs, fmt.Errorf("sweep tenant %s: %w", tenant, err))
		}
		stats.Add(t)
	}
	return stats, errors.Join(errs...)
}

// tenantRows deletes rows in generations: first those that replace nothing that
// is still there, then those that had replaced them, and so on.
func (s *Sweeper) tenantRows(ctx context.Context, tenant profile.TenantID) (Stats, error) {
	var stats Stats
	rows, err := s.Index.All(ctx, tenant)
	if err != nil {
		return stats, err
	}
	b := newBook(rows)
	if err := s.judge(ctx, tenant, b); err != nil {
		return stats, err
	}
	for {
		gone := b.deletable(s.Now(), s.settings)
		if len(gone) == 0 {
			return stats, nil
		}
		ids := make([]string, len(gone))
		for i, r := range gone {
			ids[i] = r.ID
		}
		if err := s.Index.Delete(ctx, tenant, ids...); err != nil {
			return stats, err
		}
		for _, r := range gone {
			replaced := b.isReplaced(r)
			b.remove(r)
			if !replaced {
				stats.Expired++
				continue
			}
			bytes, err := s.deleteObjects(ctx, r)
			if err != nil {
				return stats, err // what is left is orphans now
			}
			stats.Replaced++
			stats.Bytes += bytes
		}
	}
}

// judge finds out of which live rows nothing counts any more.
func (s *Sweeper) judge(ctx context.Context, tenant profile.TenantID, b *book) error {
	rules := retention.Rules{Rest: s.settings.Retention}
	if s.Retention != nil {
		var err error
		if rules, err = s.Retention.Of(ctx, tenant); err != nil {
			return err
		}
		if b.empty, err = s.Retention.Empty(ctx, tenant); err != nil {
			return err
		}
	}
	b.bound = rules.Bound(s.Now())
	// What counted until lately: queries may still read it.
	earlier := s.Now().Add(-s.settings.Delay - s.settings.OrphanAge)
	maps.DeleteFunc(rules.Deleted, func(_ string, d retention.Deletion) bool { return d.Before.After(earlier) })
	b.before = rules.Bound(earlier)
	return nil
}

// deleteObjects deletes the objects of a row's block and returns how many bytes
// they had. Those of a row that cannot be read are left to be found as orphans.
func (s *Sweeper) deleteObjects(ctx context.Context, r *blockindex.Row) (int64, error) {
	m, err := block.ParseMeta(r.Detail)
	if err != nil || m.Tenant != r.Tenant || m.ID != r.ID {
		return 0, nil
	}
	for _, key := range m.Keys() {
		if err := s.Store.Delete(ctx, key); err != nil {
			return 0, err
		}
	}
	return m.Size, nil
}
