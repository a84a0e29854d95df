package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

const (
	// attempts is how often a write is tried before its messages are left to
	// be received again, which costs the visibility timeout.
	attempts = 3
	// backoff is the wait before the second attempt; it doubles.
	backoff = 100 * time.Millisecond
	// maxDeletes is how many delete calls run at once.
	maxDeletes = 8
)

// flush stores a batch, tenant by tenant, and deletes the messages of what was
// stored. It goes on when ctx is cancelled, for what was received is best
// stored, but not beyond its deadline.
func (d *Drainer) flush(ctx context.Context, b *batch) (Stats, error) {
	ctx, cancel := d.flushContext(ctx)
	defer cancel()
	start := d.Now()
	var stats Stats
	var errs []error
	count := counting(b)
	d.renew(ctx, &b.hold)
	if lost := b.dropLost(); lost > 0 {
		stats.Failed += lost
		errs = append(errs, fmt.Errorf("%d %w", lost, errNotHeld))
	}
	for _, tenant := range sortedTenants(b) {
		s, err := d.flushTenant(ctx, &b.hold, tenant, b.tenants[tenant])
		stats.Add(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", tenant, err))
		}
	}
	s, err := d.setAside(ctx, &b.hold, b.poison)
	stats.Add(s)
	errs = append(errs, err)
	for _, m := range b.failed {
		stats.Failed++
		errs = append(errs, m.err)
	}
	count.report(ctx, stats, d.Now().Sub(start))
	return stats, errors.Join(errs...)
}

// flushContext bounds a flush by the deadline of the run, or else by more than
// any flush takes.
func (d *Drainer) flushContext(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	ctx = context.WithoutCancel(ctx)
	if ok {
		return context.WithDeadline(ctx, deadline)
	}
	return context.WithTimeout(ctx, 10*d.settings.Visibility)
}

func sortedTenants(b *batch) []profile.TenantID {
	out := make([]profile.TenantID, 0, len(b.tenants))
	for t := range b.tenants {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b profile.TenantID) int { return strings.Compare(string(a), string(b)) })
	return out
}

// flushTenant stores the profiles of one tenant in a segment: object, index
// row, delete. An error before the last step leaves the messages on the queue.
func (d *Drainer) flushTenant(ctx context.Context, h *hold, tenant profile.TenantID, t *tenantBatch) (Stats, error) {
	stats := Stats{Duplicates: len(t.twice)}
	fresh, stored, err := d.dropStored(ctx, h, tenant, t)
	if err != nil {
		return Stats{Failed: len(t.messages) + len(t.twice)}, fmt.Errorf("look for messages that were stored before: %w", err)
	}
	stats.Duplicates += len(stored)
	for _, part := range bySpan(fresh) {
		meta, err := d.store(ctx, h, tenant, part)
		if err != nil {
			// Parts that were stored are recognised when they come again.
			return Stats{Failed: len(t.messages) + len(t.twice)}, err
		}
		stats.Segments++
		stats.Bytes += meta.Size
		stats.Profiles += meta.Profiles
	}
	done := append(append(fresh, stored...), t.twice...)
	stats.Messages = len(done)
	return stats, d.finish(ctx, done)
}

// maxSpan is how far apart the profiles of a segment may be: well below what the
// index allows. Usually they are seconds apart; where old profiles are accepted
// they need not be.
const maxSpan = int64(blockindex.MaxSpan / 4)

// bySpan divides messages so that the profiles of each part are at most maxSpan
// apart. It orders them by time if it must.
func bySpan(ms []*message) [][]*message {
	if len(ms) == 0 {
		return nil
	}
	when := func(m *message) int64 { return m.profile.TimeNanos }
	byTime := func(a, b *message) int { return cmp.Compare(when(a), when(b)) }
	if when(slices.MaxFunc(ms, byTime))-when(slices.MinFunc(ms, byTime)) <= maxSpan {
		return [][]*message{ms}
	}
	slices.SortStableFunc(ms, byTime)
	var parts [][]*message
	from := 0
	for i, m := range ms {
		if when(m)-when(ms[from]) > maxSpan {
			parts = append(parts, ms[from:i])
			from = i
		}
	}
	return append(parts, ms[from:])
}

// store writes the segment and its index row.
func (d *Drainer) store(ctx context.Context, h *hold, tenant profile.TenantID, ms []*message) (*block.Meta, error) {
	builder := block.NewBuilder(block.Options{})
	for _, m := range ms {
		if err := builder.Add(m.envelope.Labels, m.envelope.ID, m.profile); err != nil {
			return nil, fmt.Errorf("build segment: %w", err)
		}
		m.profile = nil
	}
	now := d.Now()
	body, meta, err := builder.Build(tenant, d.NewID(now), 0, nil)
	if err != nil {
		return nil, err
	}
	err = d.retry(ctx, h, ms, func(ctx context.Context) error { return d.Store.Put(ctx, meta.Key(), body) })
	if err != nil {
		return nil, fmt.Errorf("put segment %s: %w", meta.Key(), err)
	}
	row := blockindex.Row{
		Tenant: tenant, ID: meta.ID, Level: meta.Level, MinTime: meta.MinTime, MaxTime: meta.MaxTime,
		CommittedAt: now.UnixMilli(), Detail: meta.Append(nil),
	}
	err = d.retry(ctx, h, ms, func(ctx context.Context) error { return d.Index.Insert(ctx, row) })
	if err != nil {
		return nil, fmt.Errorf("insert index row of segment %s: %w", meta.ID, err)
	}
	return meta, nil
}

// finish deletes messages whose profiles are stored, and what they pointed at.
// If it fails they are received again and dropped then.
func (d *Drainer) finish(ctx context.Context, ms []*message) error {
	errs := []error{d.delete(ctx, handlesOf(ms))}
	for _, m := range ms {
		if m.envelope != nil && m.envelope.Key != "" && errs[0] == nil {
			err := d.call(ctx, func(ctx context.Context) error { return d.Store.Delete(ctx, m.envelope.Key) })
			if err != nil {
				errs = append(errs, fmt.Errorf("delete %s: %w", m.envelope.Key, err))
			}
		}
	}
	return errors.Join(errs...)
}

// delete deletes messages in tens, several calls at once.
func (d *Drainer) delete(ctx context.Context, handles []string) error {
	var g errgroup.Group
	g.SetLimit(maxDeletes)
	for part := range slices.Chunk(handles, queue.MaxBatch) {
		g.Go(func() error {
			return d.call(ctx, func(ctx context.Context) error { return queue.First(d.Queue.Delete(ctx, part)) })
		})
	}
	return g.Wait()
}
