package boltqueue

import (
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// message is a stored message as it is known in memory. There may be millions
// of them, so bodies, deduplication ids and all that matters only in flight
// are elsewhere.
type message struct {
	seq      uint64
	sent     int64 // Unix milliseconds
	group    *group
	prev     *message // all messages by sequence
	next     *message
	behind   *message // the next one of the same group
	size     uint32   // of the body
	receives uint32   // perhaps one too high, never too low
}

// group is a group that has messages.
type group struct {
	name     string
	head     *message // by sequence; those in flight are among the first ones
	tail     *message
	next     *group // in the ready list
	inFlight int32  // the group is locked while this is not 0
	ready    bool   // is in the ready list
}

// index is all stored messages: by age, by group, and those in flight by
// sequence and by deadline. It is guarded by the lock of its queue.
type index struct {
	groups    map[string]*group
	ready     readyList // groups from which messages can be received, fairly
	flights   map[uint64]*flight
	deadlines deadlines
	oldest    *message
	newest    *message
	count     int

	// Only the scan oldest messages are looked at for free groups.
	scan    int
	scanEnd *message // the last one of them
	scanned int      // how many they are

	// retired are messages beyond Retention, to be removed from the file.
	retired []body
}

func newIndex(scan int) *index {
	return &index{groups: map[string]*group{}, flights: map[uint64]*flight{}, scan: scan}
}

// add appends a message; its sequence must be above all others.
func (ix *index) add(seq uint64, name string, sent int64, size, receives uint32) {
	g := ix.groups[name]
	if g == nil {
		name = strings.Clone(name) // it may be a piece of something large
		g = &group{name: name}
		ix.groups[name] = g
	}
	m := &message{seq: seq, sent: sent, group: g, prev: ix.newest, size: size, receives: receives}
	if g.tail == nil {
		g.head = m
	} else {
		g.tail.behind = m
	}
	g.tail = m
	if ix.newest == nil {
		ix.oldest = m
	} else {
		ix.newest.next = m
	}
	ix.newest = m
	ix.count++
	if ix.scanned < ix.scan {
		ix.scanned++
		ix.scanEnd = m
		ix.offer(g)
	}
}

// remove takes a message out for good, in flight or not.
func (ix *index) remove(m *message) {
	g := m.group
	g.unlink(m)
	ix.unlink(m)
	if f := ix.flights[m.seq]; f != nil {
		ix.land(f)
	}
	if g.head == nil {
		delete(ix.groups, g.name)
	}
	ix.offer(g)
}

// unlink takes a message out of the group. Only the first ones of a group are
// ever taken out, so the walk is short.
func (g *group) unlink(m *message) {
	var before *message
	for at := g.head; at != m; at = at.behind {
		before = at
	}
	if before == nil {
		g.head = m.behind
	} else {
		before.behind = m.behind
	}
	if g.tail == m {
		g.tail = before
	}
}

// unlink takes a message out of the list of all and moves the end of the scan
// by one, which may bring a group into reach.
func (ix *index) unlink(m *message) {
	if m.seq <= ix.scanEnd.seq {
		switch {
		case ix.scanEnd.next != nil:
			ix.scanEnd = ix.scanEnd.next
			defer ix.offer(ix.scanEnd.group)
		case ix.scanEnd == m:
			ix.scanEnd = m.prev
			ix.scanned--
		default:
			ix.scanned--
		}
	}
	if m.prev == nil {
		ix.oldest = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		ix.newest = m.prev
	} else {
		m.next.prev = m.prev
	}
	ix.count--
}

// within reports whether the message is among those that are looked at.
func (ix *index) within(m *message) bool { return ix.scanEnd != nil && m.seq <= ix.scanEnd.seq }

// free reports whether messages of the group can be received.
func (ix *index) free(g *group) bool {
	return g.inFlight == 0 && g.head != nil && ix.within(g.head)
}

// offer puts the group at the end of the ready list if it belongs there.
func (ix *index) offer(g *group) {
	if !g.ready && ix.free(g) {
		ix.ready.push(g)
	}
}

// take picks up to limit messages and puts them in flight: all that it can get
// of the group whose turn it is, then of the next, as SQS does.
func (ix *index) take(limit int, now time.Time, visibility time.Duration, nonce uint64) []*flight {
	var taken []*flight
	for len(taken) < limit {
		g := ix.ready.pop()
		if g == nil {
			break
		}
		if !ix.free(g) {
			continue // emptied by Retention since it was put there
		}
		for m := g.head; m != nil && len(taken) < limit && ix.within(m); m = m.behind {
			m.receives++
			taken = append(taken, ix.fly(m, nonce, now, visibility))
		}
	}
	return taken
}

// advance lets visibility timeouts end and retires messages beyond Retention.
// It reports whether it retired any, to be removed from the file.
func (ix *index) advance(now time.Time) bool {
	before := len(ix.retired)
	for {
		f := ix.deadlines.first()
		if f == nil || f.deadline.After(now) {
			break
		}
		ix.release(f)
	}
	last := now.Add(-queue.Retention).UnixMilli()
	for m := ix.oldest; m != nil && m.sent < last; m = ix.oldest {
		if f := ix.flights[m.seq]; f != nil && f.deleting {
			break // it is on its way out
		}
		ix.remove(m)
		ix.retired = append(ix.retired, body{m.seq, m.size})
	}
	return len(ix.retired) > before
}
