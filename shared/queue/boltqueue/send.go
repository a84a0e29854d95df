package boltqueue

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Send is [queue.Sender.Send]. Bad messages do not keep the others from being
// sent, but those that are there are so all or none.
func (q *Queue) Send(ctx context.Context, batch []queue.Message) []error {
	if err := queue.CheckBatch(batch); err != nil {
		return all(len(batch), fmt.Errorf("send: %w", err))
	}
	o := newOp(ctx, len(batch))
	for i, m := range batch {
		if o.errs[i] = queue.CheckMessage(m); o.errs[i] != nil {
			continue
		}
		// The queue keeps a copy: the caller may be gone before the file is
		// written.
		m.Body = bytes.Clone(m.Body)
		o.sends = append(o.sends, sending{message: m, dedup: newDedupKey(m), entry: i})
		o.bytes += len(m.Body)
	}
	return q.submit(o, "send")
}

// Delete is [queue.Receiver.Delete]. Any handle of a message that is gone is a
// success, also one of an earlier receive.
func (q *Queue) Delete(ctx context.Context, handles []string) []error {
	if err := queue.CheckCount(len(handles)); err != nil {
		return all(len(handles), fmt.Errorf("delete: %w", err))
	}
	o := newOp(ctx, len(handles))
	parsed, errs := q.parseHandles(handles)
	o.errs = errs
	for i, h := range parsed {
		if errs[i] == nil {
			o.deletes = append(o.deletes, deleting{handle: h, entry: i})
		}
	}
	return q.submit(o, "delete")
}

// submit has the committer carry out an op and waits for it.
func (q *Queue) submit(o *op, doing string) []error {
	errs := o.errs
	if len(o.sends)+len(o.deletes) > 0 {
		var err error
		if errs, err = q.commit(o); err != nil {
			errs = all(len(o.errs), err)
		}
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", doing, err)
		}
	}
	return result(errs)
}

// commit returns an error if the outcome is not known, or will not come.
func (q *Queue) commit(o *op) ([]error, error) {
	if o.ctx.Err() != nil {
		return nil, context.Cause(o.ctx)
	}
	if !q.backlog.put(o) {
		return nil, ErrClosed
	}
	select {
	case <-o.done:
		return o.errs, nil
	case <-o.ctx.Done():
		return nil, context.Cause(o.ctx)
	}
}
