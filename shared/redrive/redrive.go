// Package redrive moves dead letters back to the queue that they came from.
//
// It may be stopped at any moment and run again, and several may run at a time:
// a message is deleted from the dead letters only after the queue has it, in its
// group, under a deduplication id ([queue.RedriveID]) with which the same dead
// letter is not queued twice within [queue.DedupWindow]. What is queued twice
// all the same, because more time passed between two attempts, is recognised by
// whoever receives it: it counts as received before.
package redrive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

const (
	// hidden is how long a dead letter is hidden from others that move them; a
	// batch must be sent and deleted by then.
	hidden = 2 * time.Minute
	// finish is how long a batch that was sent may take to be deleted after
	// the context has ended.
	finish = 10 * time.Second
)

// Mover moves messages.
type Mover struct {
	From queue.Receiver // the dead letters
	To   queue.Sender   // the queue
	// Wait is how long it waits for more, up to queue.MaxWait. Dead letters that
	// are hidden by others, or by an attempt that was interrupted, do not come by
	// then and stay.
	Wait time.Duration
	// Progress is told after each batch, if it is not nil.
	Progress func(Counts)
}

// Counts are numbers of messages.
type Counts struct {
	Moved int // on the queue and no longer a dead letter
	// Left are on the queue and still dead letters, as they could not be deleted.
	Left int
	// Failed are dead letters that could not be sent.
	Failed int
}

// Move moves up to limit messages, all if it is 0. It ends without an error
// when no more come, and with one after the first batch in which anything
// failed. The counts are right in either case.
func (m *Mover) Move(ctx context.Context, limit int) (Counts, error) {
	var total Counts
	for limit == 0 || total.Moved < limit {
		n := queue.MaxBatch
		if limit > 0 {
			n = min(n, limit-total.Moved)
		}
		letters, err := m.From.Receive(ctx, n, m.Wait, hidden)
		if err != nil {
			return total, fmt.Errorf("receive dead letters: %w", err)
		}
		if len(letters) == 0 {
			return total, nil
		}
		for _, batch := range batches(letters) {
			c, moveErr := m.move(ctx, batch)
			total = Counts{total.Moved + c.Moved, total.Left + c.Left, total.Failed + c.Failed}
			err = errors.Join(err, moveErr)
		}
		if m.Progress != nil {
			m.Progress(total)
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// batches splits letters so that each part can be one Send, in order.
func batches(letters []queue.Delivery) (parts [][]queue.Delivery) {
	from, size := 0, 0
	for i, d := range letters {
		n := queue.BodyBytes(len(d.Body))
		if i > from && size+n > queue.MaxBatchBytes {
			parts, from, size = append(parts, letters[from:i]), i, 0
		}
		size += n
	}
	return append(parts, letters[from:])
}

// move sends letters, deletes those that were sent, and gives the others free.
func (m *Mover) move(ctx context.Context, letters []queue.Delivery) (c Counts, err error) {
	batch := make([]queue.Message, len(letters))
	for i, d := range letters {
		batch[i] = d.Message
		batch[i].DedupID = queue.RedriveID(d)
	}
	sendErrs := m.To.Send(ctx, batch)
	var sent, unsent []string
	for i, d := range letters {
		if i < len(sendErrs) && sendErrs[i] != nil {
			unsent = append(unsent, d.Handle)
		} else {
			sent = append(sent, d.Handle)
		}
	}
	c.Failed = len(unsent)
	// Whoever stops this between the two calls must wait for the second one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finish)
	defer cancel()
	if len(unsent) > 0 {
		err = fmt.Errorf("send %d of %d messages: %w", len(unsent), len(letters), queue.First(sendErrs))
		_ = m.From.Extend(ctx, unsent, 0) // or they are free later
	}
	if len(sent) == 0 {
		return c, err
	}
	deleteErrs := m.From.Delete(ctx, sent)
	for _, e := range deleteErrs {
		if e != nil {
			c.Left++
		}
	}
	c.Moved = len(sent) - c.Left
	if c.Left > 0 {
		err = errors.Join(err, fmt.Errorf("delete %d dead letters that were sent: %w", c.Left, queue.First(deleteErrs)))
	}
	return c, err
}
