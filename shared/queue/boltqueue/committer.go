package boltqueue

import (
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// commitLoop is the only writer of the file. While it waits for the disk, ops
// gather for its next transaction.
func (q *Queue) commitLoop() {
	defer close(q.stopped)
	for range q.backlog.bell {
		for {
			ops, end := q.backlog.next()
			if end {
				return
			}
			if !q.carryOut(ops) {
				break
			}
		}
	}
}

// carryOut carries out ops, if there are any, and housekeeping. It reports
// whether there may be more to do.
func (q *Queue) carryOut(ops []*op) bool {
	now := q.enter()
	p := q.plan(ops, now)
	q.leave(now)

	err := q.judge(p.doubts)
	if err == nil && !p.empty() {
		err = q.write(p)
	}

	now = q.enter()
	if err == nil {
		q.apply(p)
	} else {
		q.abandon(p)
	}
	q.leave(now)
	for _, o := range ops {
		if err != nil {
			o.fail(err)
		}
		close(o.done)
	}
	return len(ops) > 0 || err == nil && !p.empty()
}

// fail reports an error for all entries that were not refused.
func (o *op) fail(err error) {
	for _, s := range o.sends {
		o.errs[s.entry] = err
	}
	for _, d := range o.deletes {
		o.errs[d.entry] = err
	}
}

// judge tells handles of messages that are gone from those that are no longer
// in flight.
func (q *Queue) judge(doubts []doubt) error {
	if len(doubts) == 0 {
		return nil
	}
	err := q.db.View(func(tx *bbolt.Tx) error {
		messages := tx.Bucket(bucketMessages)
		for _, d := range doubts {
			if d.seq > q.seq || messages.Get(seqKey(d.seq)) != nil {
				d.op.errs[d.entry] = queue.ErrHandle
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look up messages in file: %w", err)
	}
	return nil
}

// write carries out a plan in one transaction. If it failed without leaving a
// trace, the queue goes on, for instance after the disk was full. If it cannot
// be told what the disk holds, nothing may be built on it: the queue fails for
// good, and Open finds out.
func (q *Queue) write(p *plan) error {
	var id int
	err := q.db.Update(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return p.write(tx)
	})
	if err == nil {
		q.commits++
		return nil
	}
	err = fmt.Errorf("write file %s: %w", q.path, err)
	if !q.traceless(id) {
		q.mu.Lock()
		if q.failed == nil {
			q.failed = fmt.Errorf("queue failed before: %w", err)
		}
		q.mu.Unlock()
	}
	return err
}

// traceless reports whether the transaction certainly did not take place: the
// file's state is of an earlier one.
func (q *Queue) traceless(id int) bool {
	earlier := false
	err := q.db.View(func(tx *bbolt.Tx) error {
		earlier = tx.ID() < id
		return nil
	})
	return err == nil && earlier
}
