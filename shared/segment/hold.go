package segment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// errNotHeld is returned for messages that others may have received meanwhile.
var errNotHeld = errors.New("messages are not held any more: others may receive them")

// A drainer may write what it received only as long as nobody else can receive
// it: a second drainer would look for it among what is stored, not find it yet,
// and store it, too. So before every call that matters the messages must be
// hidden for half of the visibility timeout or longer, and the call may take a
// quarter: what is left is for a call that takes effect although its caller has
// given up. Usually the time from receiving to deleting is a fraction of the
// half, and no call is made for this.

// callTime is how long one call may take.
func (d *Drainer) callTime() time.Duration { return d.settings.Visibility / 4 }

// call makes a call that may take callTime.
func (d *Drainer) call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.callTime())
	defer cancel()
	return f(ctx)
}

// hold is messages that are hidden from others.
type hold struct {
	messages []*message
	due      time.Time // when the first of them is to be hidden for longer
}

func (h *hold) add(m *message, visibility time.Duration) {
	if due := m.until.Add(-visibility / 2); len(h.messages) == 0 || due.Before(h.due) {
		h.due = due
	}
	h.messages = append(h.messages, m)
}

// renew hides messages for longer that are hidden for less than half of the
// visibility timeout. What fails is seen by held.
func (d *Drainer) renew(ctx context.Context, h *hold) {
	if len(h.messages) == 0 || d.Now().Before(h.due) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d.callTime())
	defer cancel()
	visibility := d.settings.Visibility
	var due []*message
	for _, m := range h.messages {
		if !m.lost && !d.Now().Before(m.until.Add(-visibility/2)) {
			due = append(due, m)
		}
	}
	var g errgroup.Group
	g.SetLimit(maxDeletes)
	for part := range slices.Chunk(due, queue.MaxBatch) {
		g.Go(func() error {
			d.extend(ctx, part)
			return nil
		})
	}
	_ = g.Wait() // what failed is not extended
	h.due = d.Now().Add(visibility)
	for _, m := range h.messages {
		if due := m.until.Add(-visibility / 2); !m.lost && due.Before(h.due) {
			h.due = due
		}
	}
}

func (d *Drainer) extend(ctx context.Context, ms []*message) {
	until := d.Now().Add(d.settings.Visibility)
	errs := d.Queue.Extend(ctx, handlesOf(ms), d.settings.Visibility)
	for i, m := range ms {
		switch {
		case errs == nil || errs[i] == nil:
			m.until = until
		case errors.Is(errs[i], queue.ErrHandle):
			m.lost = true
		}
	}
}

// held says by an error if some of the messages, which are of h, may be
// received by others before a call that begins now is over.
func (d *Drainer) held(ctx context.Context, h *hold, ms []*message) error {
	d.renew(ctx, h)
	least := d.Now().Add(d.settings.Visibility / 2)
	lost, short := 0, 0
	for _, m := range ms {
		switch {
		case m.lost:
			lost++
		case m.until.Before(least):
			short++
		}
	}
	switch {
	case lost > 0:
		return fmt.Errorf("%d of %d %w", lost, len(ms), errNotHeld)
	case short > 0:
		return fmt.Errorf("%d of %d messages cannot be hidden for longer", short, len(ms))
	}
	return nil
}

// retry makes a write for messages of h while they are held, and tries again
// what is safe to do twice.
func (d *Drainer) retry(ctx context.Context, h *hold, ms []*message, f func(context.Context) error) error {
	var err error
	wait := backoff
	for i := range attempts {
		if i > 0 {
			d.Sleep(wait)
			wait *= 2
		}
		if err = d.held(ctx, h, ms); err == nil {
			err = d.call(ctx, f)
		}
		if err == nil || ctx.Err() != nil || errors.Is(err, errNotHeld) {
			return err
		}
	}
	return err
}
