package boltindex

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Insert is Index's.
func (ix *Index) Insert(ctx context.Context, row blockindex.Row) error {
	if err := row.Validate(); err != nil {
		return fmt.Errorf("insert row: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("insert row %s of tenant %s: %w", row.ID, row.Tenant, context.Cause(ctx))
	}
	// A conflict is no failure of the transaction: that would make bbolt undo
	// what others put into the same batch, and do it again.
	conflict := false
	err := ix.db.Batch(func(tx *bbolt.Tx) (err error) {
		conflict, err = insert(tx, &row)
		return err
	})
	if err == nil && conflict {
		err = blockindex.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("insert row %s of tenant %s: %w", row.ID, row.Tenant, err)
	}
	return nil
}

// insert reports true, and changes nothing, if there is a row of this id with
// other content.
func insert(tx *bbolt.Tx, row *blockindex.Row) (conflict bool, err error) {
	bs, err := makeTenant(tx, row.Tenant)
	if err != nil {
		return false, err
	}
	id, value := []byte(row.ID), encode(nil, row)
	key := timeKey(row.MinTime, row.ID)
	if bs.id.Get(id) != nil {
		// The encoding is canonical: equal rows are equal bytes. If the row that
		// is there has another time there is nothing under this key.
		return !bytes.Equal(bs.time.Get(key), value), nil
	}
	if err := bs.id.Put(id, key[:timeBytes]); err != nil {
		return false, err
	}
	if row.Level == 0 {
		if err := bs.level0.Put(timeKey(row.CommittedAt, row.ID), key[:timeBytes]); err != nil {
			return false, err
		}
	}
	return false, bs.time.Put(key, value)
}

// Delete is Index's. All ids go in one transaction.
func (ix *Index) Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("delete %d rows of tenant %s: %w", len(ids), tenant, context.Cause(ctx))
	}
	err := ix.db.Update(func(tx *bbolt.Tx) error { return remove(tx, tenant, ids) })
	if err != nil {
		return fmt.Errorf("delete %d rows of tenant %s: %w", len(ids), tenant, err)
	}
	return nil
}

func remove(tx *bbolt.Tx, tenant profile.TenantID, ids []string) error {
	bs, ok, err := ofTenant(tx, tenant)
	if err != nil || !ok {
		return err
	}
	for _, id := range ids {
		if err := removeOne(bs, tenant, id); err != nil {
			return err
		}
	}
	if first, _ := bs.id.Cursor().First(); first != nil {
		return nil
	}
	return allTenants(tx).DeleteBucket([]byte(tenant))
}

func removeOne(bs buckets, tenant profile.TenantID, id string) error {
	at := bs.id.Get([]byte(id))
	if at == nil {
		return nil
	}
	key := slices.Concat(at, []byte(id)) // at does not outlive the changes below
	minTime, _, err := splitTimeKey(key)
	if err != nil {
		return err
	}
	row, err := decode(tenant, minTime, id, bs.time.Get(key))
	if err != nil {
		return err
	}
	if err := bs.level0.Delete(timeKey(row.CommittedAt, id)); err != nil {
		return err
	}
	if err := bs.time.Delete(key); err != nil {
		return err
	}
	return bs.id.Delete([]byte(id))
}
