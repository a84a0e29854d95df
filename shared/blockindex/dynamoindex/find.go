package dynamoindex

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Find is Index's.
func (ix *Index) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	if from > to || to < 0 {
		return nil, nil
	}
	from = max(from, 0) // no row begins earlier
	rows, err := ix.between(ctx, tenant, from, to)
	if err != nil {
		return nil, fmt.Errorf("find rows of tenant %s from %d to %d: %w", tenant, from, to, translate(ctx, err))
	}
	return blockindex.WithoutReplaced(rows), nil
}

// between returns the rows that have an instant in common with a time range.
func (ix *Index) between(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	start := max(from-int64(blockindex.MaxSpan), 0) // no row that begins earlier reaches from
	buckets, err := ix.buckets(ctx, tenant, start/bucketLength, to/bucketLength)
	if err != nil {
		return nil, err
	}
	var all collected
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, b := range buckets {
		g.Go(func() error {
			return ix.query(inner, rowsPK(tenant, b), timeText(start), timeText(to)+afterID, filter{maxTimeFrom: &from},
				func(it item) error { return all.addItem(tenant, it) })
		})
	}
	err = g.Wait()
	return all.rows, err
}

// afterID follows a time in sort keys that are greater than those of all ids at
// that time: "$" comes after "#".
const afterID = "$"

// buckets returns those from first to last that may have rows.
func (ix *Index) buckets(ctx context.Context, tenant profile.TenantID, first, last int64) ([]int64, error) {
	var all []int64
	if last-first < maxBuckets {
		for b := first; b <= last; b++ {
			all = append(all, b)
		}
		return all, nil
	}
	err := ix.query(ctx, bucketsPK(tenant), bucketText(first), bucketText(last), filter{}, func(it item) error {
		f := fields{item: it}
		b, err := strconv.ParseInt(f.text(SortKey), 10, 64)
		if err != nil {
			return fmt.Errorf("read bucket: %w", err)
		}
		all = append(all, b)
		return nil
	})
	return all, err
}

// collected are rows that several goroutines gather.
type collected struct {
	mu   sync.Mutex
	rows []blockindex.Row
}

func (c *collected) add(r blockindex.Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = append(c.rows, r)
}

func (c *collected) addItem(tenant profile.TenantID, it item) error {
	r, err := rowOf(tenant, it)
	if err == nil {
		c.add(r)
	}
	return err
}

// Tenants is Index's.
func (ix *Index) Tenants(ctx context.Context) ([]profile.TenantID, error) {
	tenants, err := ix.tenants(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", translate(ctx, err))
	}
	return tenants, nil
}

func (ix *Index) tenants(ctx context.Context) ([]profile.TenantID, error) {
	var mu sync.Mutex
	var all []profile.TenantID
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	err := ix.query(inner, tenantsPK, " ", "~", filter{}, func(it item) error {
		f := fields{item: it}
		tenant := profile.TenantID(f.text(SortKey))
		g.Go(func() error {
			return ix.query(inner, idsPK(tenant), " ", "~", filter{first: true}, func(item) error {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, tenant)
				return nil
			})
		})
		return f.err
	})
	if waitErr := g.Wait(); waitErr != nil {
		err = waitErr
	}
	slices.SortFunc(all, func(a, b profile.TenantID) int { return strings.Compare(string(a), string(b)) })
	return all, err
}
