package boltqueue

import (
	"container/heap"
	"time"
)

// flight is a message in flight.
type flight struct {
	message  *message
	nonce    uint64 // of the receive; part of the handle
	received time.Time
	deadline time.Time // when the visibility timeout ends
	deleting bool      // the file is being told; the deadline does not count
	place    int       // in deadlines
}

// fly puts a message in flight and locks its group.
func (ix *index) fly(m *message, nonce uint64, now time.Time, visibility time.Duration) *flight {
	f := &flight{message: m, nonce: nonce, received: now, deadline: now.Add(visibility)}
	ix.flights[m.seq] = f
	heap.Push(&ix.deadlines, f)
	m.group.inFlight++
	return f
}

// land takes a message out of flight, without giving its group free.
func (ix *index) land(f *flight) {
	delete(ix.flights, f.message.seq)
	if !f.deleting {
		heap.Remove(&ix.deadlines, f.place)
	}
	f.message.group.inFlight--
}

// release makes a message in flight visible again.
func (ix *index) release(f *flight) {
	ix.land(f)
	ix.offer(f.message.group)
}

// find returns the flight of a handle, nil if there is none.
func (ix *index) find(h handle) *flight {
	if f := ix.flights[h.seq]; f != nil && f.nonce == h.nonce {
		return f
	}
	return nil
}

// extend sets the deadline anew.
func (ix *index) extend(f *flight, deadline time.Time) {
	f.deadline = deadline
	if !f.deleting {
		heap.Fix(&ix.deadlines, f.place)
	}
}

// beginDelete keeps a message in flight until endDelete or its removal.
func (ix *index) beginDelete(f *flight) {
	if !f.deleting {
		heap.Remove(&ix.deadlines, f.place)
		f.deleting = true
	}
}

// endDelete is for a delete that did not take place.
func (ix *index) endDelete(f *flight) {
	f.deleting = false
	heap.Push(&ix.deadlines, f)
}

// nextDeadline returns when the next visibility timeout ends, if one does.
func (ix *index) nextDeadline() (time.Time, bool) {
	if f := ix.deadlines.first(); f != nil {
		return f.deadline, true
	}
	return time.Time{}, false
}

// deadlines is a heap of flights: the next to end is the first.
type deadlines []*flight

func (d deadlines) first() *flight {
	if len(d) == 0 {
		return nil
	}
	return d[0]
}

// Len is for package heap.
func (d deadlines) Len() int { return len(d) }

// Less is for package heap. Flights of one Receive end in their order.
func (d deadlines) Less(i, j int) bool {
	if !d[i].deadline.Equal(d[j].deadline) {
		return d[i].deadline.Before(d[j].deadline)
	}
	return d[i].message.seq < d[j].message.seq
}

// Swap is for package heap.
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i, j
}

// Push is for package heap.
func (d *deadlines) Push(x any) {
	f := x.(*flight)
	f.place = len(*d)
	*d = append(*d, f)
}

// Pop is for package heap.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	f := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return f
}
