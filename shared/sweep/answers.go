package sweep

import (
	"context"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// tenantAnswers deletes the large answers of query workers of a tenant: each is
// read once, seconds after it was written, and never again. They are as old as
// objects without a row must be, far longer than a query takes.
func (s *Sweeper) tenantAnswers(ctx context.Context, tenant profile.TenantID) (Stats, error) {
	var stats Stats
	before := s.Now().Add(-s.settings.OrphanAge).UnixMilli()
	for after := ""; ; {
		page, err := s.Store.List(ctx, querybackend.AnswerPrefix(tenant), after, objstore.MaxListKeys)
		if err != nil {
			return stats, err
		}
		for _, o := range page {
			if o.ModifiedUnixMilli > before {
				continue
			}
			if err := s.Store.Delete(ctx, o.Key); err != nil {
				return stats, err
			}
			stats.Answers++
			stats.Bytes += o.Size
		}
		if len(page) < objstore.MaxListKeys {
			return stats, nil
		}
		after = page[len(page)-1].Key
	}
}
