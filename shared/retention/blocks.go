package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Counts reports whether a block may have profiles that count, as far as its
// row tells. Of a row that cannot be read it may.
func Counts(row *blockindex.Row, b block.Bound) bool {
	latest := b.Rest
	for _, at := range b.Services {
		latest = max(latest, at)
	}
	switch {
	case row.MaxTime >= latest:
		return true
	case row.MaxTime < b.Earliest():
		return false
	}
	m, err := block.ParseMeta(row.Detail)
	return err != nil || m.Counting(b) != nil
}

// KindEmpty is the kind of the records of blocks of which nothing counts,
// although their rows do not tell: a merge has found out. Keys are their ids,
// values are empty.
const KindEmpty records.Kind = "empty-block"

// emptyFor is how long such a record stays: the sweeper comes long before.
const emptyFor = 7 * 24 * time.Hour

// Putter is what MarkEmpty needs of the record store.
type Putter interface {
	Put(ctx context.Context, r records.Record) (version uint64, err error)
}

// MarkEmpty says that nothing counts of blocks, so that they are swept and not
// merged. That retention is made longer meanwhile brings nothing back.
func MarkEmpty(ctx context.Context, store Putter, tenant profile.TenantID, ids []string, now time.Time) error {
	for _, id := range ids {
		name := records.Name{Tenant: tenant, Kind: KindEmpty, Key: id}
		if _, err := store.Put(ctx, records.Record{Name: name, Expires: now.Add(emptyFor)}); err != nil && !errors.Is(err, records.ErrConflict) {
			return fmt.Errorf("mark block %s of tenant %s as empty: %w", id, tenant, err)
		}
	}
	return nil
}

// Empty returns the blocks that were marked as empty.
func (r Reader) Empty(ctx context.Context, tenant profile.TenantID) (map[string]bool, error) {
	found, err := r.Store.List(ctx, tenant, KindEmpty)
	if err != nil {
		return nil, fmt.Errorf("list empty blocks of tenant %s: %w", tenant, err)
	}
	out := make(map[string]bool, len(found))
	for i := range found {
		out[found[i].Key] = true
	}
	return out, nil
}
