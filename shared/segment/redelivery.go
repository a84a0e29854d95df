package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// dropStored tells the messages that were stored before from those that were
// not. A message that was received for the first time, and soon after its
// profile was taken, cannot have been. The others are looked for, by their ids,
// in the blocks of their time: whatever was stored is in exactly one block that
// the index finds, be it still the segment or what it was merged into.
func (d *Drainer) dropStored(ctx context.Context, h *hold, tenant profile.TenantID, t *tenantBatch) (fresh, stored []*message, err error) {
	if !t.again {
		return t.messages, nil, nil
	}
	s := suspectsOf(t.messages)
	// From here on they must be held: what others store now is not found.
	if err := d.held(ctx, h, t.messages); err != nil {
		return nil, nil, err
	}
	var rows []blockindex.Row
	err = d.call(ctx, func(ctx context.Context) (err error) {
		rows, err = d.Index.Find(ctx, tenant, s.from, s.to)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		meta, err := block.ParseMeta(rows[i].Detail)
		if err != nil {
			return nil, nil, fmt.Errorf("index row %s: %w", rows[i].ID, err)
		}
		d.renew(ctx, h)
		if err := d.call(ctx, func(ctx context.Context) error { return d.mark(ctx, meta, s) }); err != nil {
			return nil, nil, err
		}
	}
	for _, m := range t.messages {
		if s.stored[m.stored] {
			stored = append(stored, m)
		} else {
			fresh = append(fresh, m)
		}
	}
	return fresh, stored, nil
}

// suspects are the messages of a batch that may have been stored before.
type suspects struct {
	stored   map[profile.ID]bool // by the id that they would have: whether they were
	services map[string]bool
	from, to int64 // times of the first and the last, Unix nanoseconds
}

func suspectsOf(ms []*message) *suspects {
	s := &suspects{stored: make(map[profile.ID]bool), services: make(map[string]bool), from: math.MaxInt64}
	for _, m := range ms {
		if m.suspect() {
			s.stored[m.stored] = false
			s.services[m.envelope.Labels.Get(profile.LabelServiceName)] = true
			s.from, s.to = min(s.from, m.profile.TimeNanos), max(s.to, m.profile.TimeNanos)
		}
	}
	return s
}

// mark marks the suspects that a block holds.
func (d *Drainer) mark(ctx context.Context, meta *block.Meta, s *suspects) error {
	dec := d.Blocks.NewDecoder()
	req := block.Request{
		Service: func(name string) bool { return s.services[name] },
		From:    s.from, To: s.to, Need: block.NeedIDs,
	}
	return d.Blocks.Read(ctx, meta, req, func(ds *block.Dataset) error {
		for _, p := range ds.Parts {
			ids, err := p.IDs(dec)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if _, ok := s.stored[id]; ok {
					s.stored[id] = true
				}
			}
		}
		return nil
	})
}
