package segment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// message is a delivery that was read.
type message struct {
	queue.Delivery
	envelope *envelope.Envelope // nil if not even that could be read
	profile  *pprof.Profile     // nil if err is set
	stored   profile.ID         // under which it is stored, or the first part of it
	err      error
	poison   bool // err will not go away

	waited time.Duration // on the queue
	until  time.Time     // it is hidden from others until then, at least
	lost   bool          // it is not
}

// lateAfter is how long after it was taken a profile may arrive without being
// looked for among what is stored. A client that pushes a profile again later
// than the queue's deduplication window does so later than that after the
// profile was taken; half of the window is left for clients' clocks that are
// ahead of ours.
const lateAfter = queue.DedupWindow / 2

// suspect reports whether the message may have been stored before: it was
// received before, or the client may have pushed it before.
func (m *message) suspect() bool {
	return m.Receives > 1 || m.envelope.ReceivedAt-m.profile.TimeNanos/1e6 >= lateAfter.Milliseconds()
}

// limits bound what is decoded from the queue. Every profile there has passed
// the limits of its tenant.
func limits() pprof.Limits { return pprof.Limits{MaxBytes: envelope.MaxProfileBytes} }

// read decodes a delivery; errors are kept in the message.
func (d *Drainer) read(ctx context.Context, delivery queue.Delivery, until time.Time) *message {
	m := &message{Delivery: delivery, until: until, waited: max(0, d.Now().Sub(delivery.SentAt))}
	m.err = d.decode(ctx, m)
	m.poison = errors.Is(m.err, envelope.ErrMalformed)
	return m
}

func (d *Drainer) decode(ctx context.Context, m *message) error {
	e, err := envelope.Decode(m.Body)
	if err != nil {
		return err
	}
	m.envelope = e
	packed := e.Packed
	if e.Key != "" {
		err = d.call(ctx, func(ctx context.Context) error {
			packed, err = d.Store.Get(ctx, e.Key)
			return err
		})
		if errors.Is(err, objstore.ErrNotExist) {
			return fmt.Errorf("%w: its profile is not at %s", envelope.ErrMalformed, e.Key)
		}
		if err != nil {
			return fmt.Errorf("get profile %s: %w", e.Key, err)
		}
	}
	plain, err := d.Codec.Unpack(packed, nil)
	if err != nil {
		return err
	}
	p, err := pprof.Decode(plain, limits())
	if err != nil {
		return fmt.Errorf("%w: %w", envelope.ErrMalformed, err)
	}
	if err := block.Accepts(e.Labels, p); err != nil {
		return fmt.Errorf("%w: %w", envelope.ErrMalformed, err)
	}
	m.profile = p
	m.stored = block.FirstID(e.Labels, e.ID, p)
	return nil
}
