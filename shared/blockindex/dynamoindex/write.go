package dynamoindex

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Insert is Index's.
func (ix *Index) Insert(ctx context.Context, row blockindex.Row) error {
	if err := row.Validate(); err != nil {
		return fmt.Errorf("insert row: %w", err)
	}
	err := ix.mark(ctx, row.Tenant, row.MinTime/bucketLength)
	if err == nil {
		err = ix.attempts(ctx, func() (bool, error) { return ix.insert(ctx, &row) })
	}
	if err != nil {
		return fmt.Errorf("insert row %s of tenant %s: %w", row.ID, row.Tenant, translate(ctx, err))
	}
	return nil
}

// insert reports false if it was in the way of another transaction.
func (ix *Index) insert(ctx context.Context, row *blockindex.Row) (bool, error) {
	p := placeOf(row)
	writes := []types.TransactWriteItem{ix.put(idItem(p), isNotThere), ix.put(rowItem(row), "")}
	const sources = 2 // the first write that is of a source
	for _, id := range row.Sources {
		if len(id) != ulid.EncodedSize {
			return false, noSource(id) // no row has it, and perhaps no key of DynamoDB can
		}
		writes = append(writes, ix.take(row.Tenant, id, row.ID))
	}
	done, failed, err := ix.transact(ctx, writes)
	if done || err != nil {
		return done, err
	}
	there, ok, err := ix.find(ctx, row.Tenant, row.ID)
	if err != nil {
		return false, err
	}
	if !ok {
		// Whether it was there before or not, its sources are not to be had.
		if n := len(failed); n > 0 && failed[n-1] >= sources {
			return false, noSource(row.Sources[failed[n-1]-sources])
		}
		return false, nil
	}
	if there != p {
		return false, blockindex.ErrConflict
	}
	old, ok, err := ix.row(ctx, there)
	if err != nil || !ok {
		return false, err // not there: it was deleted between the two reads
	}
	if !same(&old, row) {
		return false, blockindex.ErrConflict
	}
	return true, nil
}

func noSource(id string) error { return fmt.Errorf("source %s: %w", id, blockindex.ErrTaken) }

// mark notes that a tenant has rows in a bucket, before it has any.
func (ix *Index) mark(ctx context.Context, tenant profile.TenantID, bucket int64) error {
	for _, k := range []key{{tenantsPK, string(tenant)}, {bucketsPK(tenant), bucketText(bucket)}} {
		if ix.isMarked(k) {
			continue
		}
		_, err := ix.api.PutItem(ctx, &dynamodb.PutItemInput{TableName: &ix.table, Item: k.item()})
		if err != nil {
			return err
		}
		ix.remember(k)
	}
	return nil
}

func (ix *Index) isMarked(k key) bool {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.marked[k]
}

// maxMarked bounds the memory that marks take, to about a megabyte.
const maxMarked = 10_000

func (ix *Index) remember(k key) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if len(ix.marked) >= maxMarked {
		clear(ix.marked) // marking twice does no harm
	}
	ix.marked[k] = true
}

// Delete is Index's.
func (ix *Index) Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, id := range slices.Compact(ids) {
		if len(id) != ulid.EncodedSize {
			continue // no row has it, and perhaps no key of DynamoDB can
		}
		g.Go(func() error {
			return ix.attempts(ctx, func() (bool, error) { return ix.remove(ctx, tenant, id) })
		})
	}
	err := g.Wait()
	if err == nil && ctx.Err() != nil {
		err = ctx.Err() // of a call without ids
	}
	if err != nil {
		return fmt.Errorf("delete %d rows of tenant %s: %w", len(ids), tenant, translate(ctx, err))
	}
	return nil
}

// remove reports false if it was in the way of another transaction.
func (ix *Index) remove(ctx context.Context, tenant profile.TenantID, id string) (bool, error) {
	p, ok, err := ix.find(ctx, tenant, id)
	if err != nil || !ok {
		return err == nil, err
	}
	done, _, err := ix.transact(ctx, []types.TransactWriteItem{ix.dropID(p), ix.drop(p.row())})
	return done, err
}
