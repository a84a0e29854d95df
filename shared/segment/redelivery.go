package segment

import (
	"context"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// clockSkew is how far the clocks of the queue and of the writers of segments
// may be apart.
const clockSkew = 5 * time.Minute

// dropStored tells the messages that were stored before from those that were
// not. A message that was received for the first time cannot have been; if
// there are others, the segments committed since the earliest of them was sent
// say which.
func (d *Drainer) dropStored(ctx context.Context, tenant profile.TenantID, t *tenantBatch) (fresh, stored []*message, err error) {
	if !t.again {
		return t.messages, nil, nil
	}
	suspects := make(map[profile.ID]bool)
	var since time.Time
	for _, m := range t.messages {
		if m.Receives > 1 {
			suspects[m.stored] = false
			if since.IsZero() || m.SentAt.Before(since) {
				since = m.SentAt
			}
		}
	}
	rows, err := d.Index.CommittedSince(ctx, tenant, since.Add(-clockSkew).UnixMilli())
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		meta, err := block.ParseMeta(rows[i].Detail)
		if err != nil {
			return nil, nil, fmt.Errorf("index row %s: %w", rows[i].ID, err)
		}
		if err := d.mark(ctx, meta, suspects); err != nil {
			return nil, nil, err
		}
	}
	for _, m := range t.messages {
		if suspects[m.stored] {
			stored = append(stored, m)
		} else {
			fresh = append(fresh, m)
		}
	}
	return fresh, stored, nil
}

// mark sets the suspects that a segment holds.
func (d *Drainer) mark(ctx context.Context, meta *block.Meta, suspects map[profile.ID]bool) error {
	dec := d.Blocks.NewDecoder()
	req := block.Request{From: meta.MinTime, To: meta.MaxTime, Need: block.NeedIDs}
	return d.Blocks.Read(ctx, meta, req, func(ds *block.Dataset) error {
		for _, p := range ds.Parts {
			ids, err := p.IDs(dec)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if _, ok := suspects[id]; ok {
					suspects[id] = true
				}
			}
		}
		return nil
	})
}
