package dynamoindex

import (
	"context"
	"fmt"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// All is Index's.
func (ix *Index) All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error) {
	rows, err := ix.between(ctx, tenant, 0, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("read all rows of tenant %s: %w", tenant, translate(ctx, err))
	}
	return rows, nil
}
