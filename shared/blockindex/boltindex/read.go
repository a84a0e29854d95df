package boltindex

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Find is Index's.
func (ix *Index) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	var rows []blockindex.Row
	err := ix.view(ctx, tenant, func(bs buckets) (err error) {
		rows, err = find(ctx, bs, tenant, from, to)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find rows of tenant %s from %d to %d: %w", tenant, from, to, err)
	}
	return blockindex.WithoutReplaced(rows), nil
}

func find(ctx context.Context, bs buckets, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	if from > to || to < 0 {
		return nil, nil
	}
	// No row begins before 0, nor does one that begins earlier reach from.
	from = max(from, 0)
	start := max(from-int64(blockindex.MaxSpan), 0)
	var rows []blockindex.Row
	c := bs.time.Cursor()
	for key, value := c.Seek(timeKey(start, "")); key != nil; key, value = c.Next() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		minTime, id, err := splitTimeKey(key)
		if err != nil {
			return nil, err
		}
		if minTime > to {
			break
		}
		if endsBefore(from, minTime, value) {
			continue
		}
		row, err := decode(tenant, minTime, id, value)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Tenants is Index's.
func (ix *Index) Tenants(ctx context.Context) ([]profile.TenantID, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list tenants: %w", context.Cause(ctx))
	}
	var out []profile.TenantID
	err := ix.db.View(func(tx *bbolt.Tx) error {
		return allTenants(tx).ForEachBucket(func(name []byte) error {
			out = append(out, profile.TenantID(name)) // in the order of their bytes
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return out, nil
}

// view calls read with the buckets of a tenant, if it has rows.
func (ix *Index) view(ctx context.Context, tenant profile.TenantID, read func(buckets) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return ix.db.View(func(tx *bbolt.Tx) error {
		bs, ok, err := ofTenant(tx, tenant)
		if err != nil || !ok {
			return err
		}
		return read(bs)
	})
}
