package pprof

// ids tells at which position the entity with an id stands. Most writers
// number entities from 1 in the order they write them: then the position
// follows from the id, and there is nothing to store.
type ids struct {
	n      uint64
	sparse map[uint64]uint32 // nil as long as all ids are dense
}

// add gives the id to the next position. It reports false for 0, which no
// entity may have, and for an id that is taken.
func (t *ids) add(id uint64) bool {
	if id == 0 {
		return false
	}
	if t.sparse == nil {
		if id == t.n+1 {
			t.n++
			return true
		}
		t.sparse = make(map[uint64]uint32, t.n+1)
		for i := range t.n {
			t.sparse[i+1] = uint32(i)
		}
	}
	if _, taken := t.sparse[id]; taken {
		return false
	}
	t.sparse[id] = uint32(t.n)
	t.n++
	return true
}

// position returns the position of the entity with an id.
func (t *ids) position(id uint64) (uint32, bool) {
	if t.sparse == nil {
		return uint32(id - 1), id-1 < t.n
	}
	at, ok := t.sparse[id]
	return at, ok
}
