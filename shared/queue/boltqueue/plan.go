package boltqueue

import (
	"context"
	"errors"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// plan is what one transaction will do. It is made under the lock of the
// queue, written without it and applied to the memory under it again.
type plan struct {
	now     time.Time
	seq     uint64 // the last one given out, after this
	puts    []put
	flights []*flight // to be deleted
	retired []body    // of messages that left the index for their age
	gone    []body    // of flights and retired
	sweep   []body    // to be removed, their messages are gone already
	doubts  []doubt   // handles that are not in flight
}

// put is a message to be stored.
type put struct {
	seq    uint64
	record record
	dedup  dedupKey
	body   []byte
}

// ends is when the deduplication window of the message is over.
func (p put) ends() int64 { return p.record.sent + queue.DedupWindow.Milliseconds() }

// doubt is a handle whose message is either gone, a success, or visible.
type doubt struct {
	deleting
	op *op
}

func (p *plan) empty() bool { return len(p.puts)+len(p.gone)+len(p.sweep) == 0 }

// plan decides about ops in their order.
func (q *Queue) plan(ops []*op, now time.Time) *plan {
	p := &plan{now: now, seq: q.seq}
	q.dedup.prune(now)
	fresh := map[dedupKey]bool{} // ids of this plan
	for _, o := range ops {
		if err := q.refusal(o); err != nil {
			o.fail(err)
			continue
		}
		for _, s := range o.sends {
			if !fresh[s.dedup] && !q.dedup.has(s.dedup, now) {
				fresh[s.dedup] = true
				p.put(s)
			}
		}
		for _, d := range o.deletes {
			q.planDelete(p, o, d)
		}
	}
	p.retired, q.index.retired = q.index.retired, nil
	p.gone = append(p.gone, p.retired...)
	p.sweep = q.garbage.due()
	if !p.empty() {
		q.plans++
	}
	return p
}

// refusal is why an op is not even tried. Ops that came before Close are.
func (q *Queue) refusal(o *op) error {
	if o.ctx.Err() != nil {
		return context.Cause(o.ctx)
	}
	if errors.Is(q.failed, ErrClosed) {
		return nil
	}
	return q.failed
}

func (p *plan) put(s sending) {
	p.seq++
	p.puts = append(p.puts, put{
		seq: p.seq,
		record: record{
			sent:    p.now.UnixMilli(),
			size:    uint32(len(s.message.Body)),
			group:   s.message.Group,
			dedupID: s.message.DedupID,
		},
		dedup: s.dedup,
		body:  s.message.Body,
	})
}

// planDelete keeps the message in flight until it is known to be gone: nobody
// else may receive it meanwhile.
func (q *Queue) planDelete(p *plan, o *op, d deleting) {
	f := q.index.find(d.handle)
	if f == nil {
		p.doubts = append(p.doubts, doubt{d, o})
		return
	}
	if f.deleting {
		return // two Deletes at once
	}
	q.index.beginDelete(f)
	p.flights = append(p.flights, f)
	p.gone = append(p.gone, body{f.message.seq, f.message.size})
}

// apply makes a plan that was written visible.
func (q *Queue) apply(p *plan) {
	q.seq = p.seq
	for _, put := range p.puts {
		q.index.add(put.seq, put.record.group, put.record.sent, put.record.size, 0)
		q.dedup.add(dedupEntry{put.dedup, put.ends()})
	}
	for _, f := range p.flights {
		q.index.remove(f.message)
	}
	q.garbage.add(p.gone...)
	q.garbage.drop(len(p.sweep))
}

// abandon undoes the preparations of a plan that was not written.
func (q *Queue) abandon(p *plan) {
	for _, f := range p.flights {
		q.index.endDelete(f)
	}
	q.index.retired = append(q.index.retired, p.retired...)
}
