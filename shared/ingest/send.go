package ingest

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// maxConcurrent is how many calls to the queue or to the store one request has
// under way.
const maxConcurrent = 8

// send brings parcels to the queue. It returns nil if all of them are there. It
// goes on after a failure: many clients never send again, so that what can be
// stored should be, and one that does send again is recognised by the
// deduplication ids.
func (h *Handler) send(ctx context.Context, parcels []parcel) error {
	ctx, cancel := context.WithTimeout(ctx, h.settings.SendTimeout)
	defer cancel()
	byQueue, storeErr := h.storeClaims(ctx, parcels)
	var g errgroup.Group
	g.SetLimit(maxConcurrent)
	for i, messages := range byQueue {
		for len(messages) > 0 {
			n := batchLen(messages)
			batch := messages[:n]
			messages = messages[n:]
			g.Go(func() error { return sendBatch(ctx, h.Queues[i], batch) })
		}
	}
	return errors.Join(storeErr, g.Wait())
}

// storeClaims stores the profiles that do not fit into their messages and
// returns the messages that may be sent, by queue: a message must never name an
// object that is not there.
func (h *Handler) storeClaims(ctx context.Context, parcels []parcel) ([][]queue.Message, error) {
	failed := make([]error, len(parcels))
	var g errgroup.Group
	g.SetLimit(maxConcurrent)
	for i := range parcels {
		if p := &parcels[i]; p.key != "" {
			g.Go(func() error {
				failed[i] = h.storeClaim(ctx, p)
				return nil
			})
		}
	}
	_ = g.Wait() // failures are in failed
	byQueue := make([][]queue.Message, len(h.Queues))
	for i := range parcels {
		if failed[i] == nil {
			q := parcels[i].queue
			byQueue[q] = append(byQueue[q], parcels[i].message)
		}
	}
	return byQueue, errors.Join(failed...)
}

func (h *Handler) storeClaim(ctx context.Context, p *parcel) error {
	err := h.Store.Put(ctx, p.key, p.claim)
	// The key follows from the profile, so an object that is there holds this
	// profile; it differs if another version of us compressed it.
	if err != nil && !errors.Is(err, objstore.ErrExists) {
		return fmt.Errorf("store large profile: %w", err)
	}
	return nil
}

// batchLen returns how many of the messages, one at least, go into one call.
func batchLen(messages []queue.Message) int {
	n, size := 0, 0
	for n < len(messages) && n < queue.MaxBatch {
		size += queue.BodyBytes(len(messages[n].Body))
		if n > 0 && size > queue.MaxBatchBytes {
			break
		}
		n++
	}
	return n
}

// sendBatch sends messages and, of those that fail, each once more: SQS may
// refuse single messages of a call for a moment, and to sending the same again
// there is no harm.
func sendBatch(ctx context.Context, to queue.Sender, batch []queue.Message) error {
	errs := to.Send(ctx, batch)
	if queue.First(errs) == nil || ctx.Err() != nil {
		return wrapSend(errs)
	}
	var again []queue.Message
	for i, err := range errs {
		if errors.Is(err, queue.ErrBadEntry) {
			return wrapSend(errs)
		}
		if err != nil {
			again = append(again, batch[i])
		}
	}
	return wrapSend(to.Send(ctx, again))
}

func wrapSend(errs []error) error {
	if err := queue.First(errs); err != nil {
		return fmt.Errorf("send profiles: %w", err)
	}
	return nil
}
