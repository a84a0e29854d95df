package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
	"github.com/pyrocumulus/pyrocumulus/shared/uploads"
)

// tenantPassing deletes what a tenant needs for a short time only: the large
// answers of query workers, each of which is read once, seconds after it was
// written, and goes when it is as old as objects without a row must be, far
// longer than a query takes; and bodies that were uploaded, which wait for a
// day, whether they were taken in or nobody came back for them; and kept results
// of queries, used or not; and large profiles whose message never came or is
// gone.
func (s *Sweeper) tenantPassing(ctx context.Context, tenant profile.TenantID) (Stats, error) {
	answers, answerBytes, answersErr := s.deleteOld(ctx, querybackend.AnswerPrefix(tenant), s.settings.OrphanAge)
	bodies, bodyBytes, bodiesErr := s.deleteOld(ctx, uploads.Prefix(tenant), uploads.MaxAge)
	results, resultBytes, resultsErr := s.deleteOld(ctx, resultcache.Prefix(tenant), resultcache.MaxAge)
	inbox, inboxBytes, inboxErr := s.deleteOld(ctx, envelope.Prefix(tenant), envelope.MaxAge)
	return Stats{
		Answers: answers, Uploads: bodies, Results: results, Inbox: inbox,
		Bytes: answerBytes + bodyBytes + resultBytes + inboxBytes,
	}, errors.Join(answersErr, bodiesErr, resultsErr, inboxErr)
}

// deleteOld deletes the objects below a prefix that are of an age.
func (s *Sweeper) deleteOld(ctx context.Context, prefix string, age time.Duration) (n int, bytes int64, err error) {
	before := s.Now().Add(-age).UnixMilli()
	for after := ""; ; {
		page, err := s.Store.List(ctx, prefix, after, objstore.MaxListKeys)
		if err != nil {
			return n, bytes, fmt.Errorf("list %s: %w", prefix, err)
		}
		for _, o := range page {
			if o.ModifiedUnixMilli > before {
				continue
			}
			if err := s.Store.Delete(ctx, o.Key); err != nil {
				return n, bytes, err
			}
			n++
			bytes += o.Size
		}
		if len(page) < objstore.MaxListKeys {
			return n, bytes, nil
		}
		after = page[len(page)-1].Key
	}
}
