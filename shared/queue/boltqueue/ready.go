package boltqueue

// readyList is the groups that have something to receive, in the order in
// which they became ready: each gets its turn, however much others hold.
type readyList struct {
	first, last *group
	count       int
}

func (r *readyList) len() int { return r.count }

func (r *readyList) push(g *group) {
	g.ready = true
	if r.last == nil {
		r.first = g
	} else {
		r.last.next = g
	}
	r.last = g
	r.count++
}

func (r *readyList) pop() *group {
	g := r.first
	if g == nil {
		return nil
	}
	r.first = g.next
	if r.first == nil {
		r.last = nil
	}
	g.next = nil
	g.ready = false
	r.count--
	return g
}
