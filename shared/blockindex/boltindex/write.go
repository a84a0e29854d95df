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
	// A refusal is no failure of the transaction: that would make bbolt undo
	// what others put into the same batch, and do it again.
	var refusal error
	err := ix.db.Batch(func(tx *bbolt.Tx) (err error) {
		refusal, err = insert(tx, &row)
		return err
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return fmt.Errorf("insert row %s of tenant %s: %w", row.ID, row.Tenant, err)
	}
	return nil
}

// insert refuses, and changes nothing, if there is a row of this id with other
// content or a source cannot be taken.
func insert(tx *bbolt.Tx, row *blockindex.Row) (refusal, err error) {
	if len(row.Sources) > 0 {
		// A refused row must not make the buckets of a tenant without rows.
		if _, ok, err := ofTenant(tx, row.Tenant); err != nil || !ok {
			return blockindex.ErrTaken, err
		}
	}
	bs, err := makeTenant(tx, row.Tenant)
	if err != nil {
		return nil, err
	}
	id, value := []byte(row.ID), encode(nil, row)
	key := timeKey(row.MinTime, row.ID)
	if bs.id.Get(id) != nil {
		// The encoding is canonical: equal rows are equal bytes. If the row that
		// is there has another time there is nothing under this key.
		if !bytes.Equal(bs.time.Get(key), value) {
			return blockindex.ErrConflict, nil
		}
		return nil, nil
	}
	if refusal, err := take(bs, row); refusal != nil || err != nil {
		return refusal, err
	}
	if err := bs.id.Put(id, key[:timeBytes]); err != nil {
		return nil, err
	}
	return nil, bs.time.Put(key, value)
}

// take notes with each source of a row who took it, or refuses if not all of
// them can be taken.
func take(bs buckets, row *blockindex.Row) (refusal, err error) {
	for _, source := range row.Sources {
		at := bs.id.Get([]byte(source))
		if len(at) < timeBytes || len(at) > timeBytes && string(at[timeBytes:]) != row.ID {
			return fmt.Errorf("source %s: %w", source, blockindex.ErrTaken), nil
		}
	}
	for _, source := range row.Sources {
		at := bs.id.Get([]byte(source))[:timeBytes]
		if err := bs.id.Put([]byte(source), slices.Concat(at, []byte(row.ID))); err != nil {
			return nil, err
		}
	}
	return nil, nil
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
		if err := removeOne(bs, id); err != nil {
			return err
		}
	}
	if first, _ := bs.id.Cursor().First(); first != nil {
		return nil
	}
	return allTenants(tx).DeleteBucket([]byte(tenant))
}

func removeOne(bs buckets, id string) error {
	at := bs.id.Get([]byte(id))
	if at == nil {
		return nil
	}
	if len(at) < timeBytes {
		return fmt.Errorf("row %s has the time %x, want %d bytes", id, at, timeBytes)
	}
	key := slices.Concat(at[:timeBytes], []byte(id)) // at does not outlive the changes below
	if err := bs.time.Delete(key); err != nil {
		return err
	}
	return bs.id.Delete([]byte(id))
}
