package boltindex

import (
	"context"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// All is Index's.
func (ix *Index) All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error) {
	var rows []blockindex.Row
	err := ix.view(ctx, tenant, func(bs buckets) error {
		return bs.time.ForEach(func(key, value []byte) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			minTime, id, err := splitTimeKey(key)
			if err != nil {
				return err
			}
			row, err := decode(tenant, minTime, id, value)
			rows = append(rows, row)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read all rows of tenant %s: %w", tenant, err)
	}
	return rows, nil
}
