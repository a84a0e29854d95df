package pprof

import (
	"hash/maphash"
	"math/bits"
)

// table finds equal items by their hash: open addressing over positions of
// items that stand elsewhere. It is cheaper than a map with a key built for
// each item, and its memory serves one kind of items after the other.
type table struct {
	slots []slot
	// ignored are bits of hashes that do not count. There are none, except
	// in a test that wants all items to collide.
	ignored uint64
}

type slot struct {
	hash uint32 // the upper half: the lower chose the slot
	at   uint32 // plus 1; 0 if free
}

// reset empties the table and makes room for n items.
func (t *table) reset(n int) {
	size := 16
	for size < 2*n {
		size *= 2
	}
	if cap(t.slots) < size {
		t.slots = make([]slot, size)
		return
	}
	t.slots = t.slots[:size]
	clear(t.slots)
}

// find returns the position of the item that has the hash and is the same,
// and true. If there is none, it enters the position at and returns it.
func (t *table) find(hash uint64, at uint32, same func(other uint32) bool) (uint32, bool) {
	hash &^= t.ignored
	mask, upper := uint64(len(t.slots)-1), uint32(hash>>32)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.at == 0 {
			*s = slot{hash: upper, at: at + 1}
			return at, false
		}
		if s.hash == upper && same(s.at-1) {
			return s.at - 1, true
		}
	}
}

// hasher hashes numbers, with a secret start so that nobody can prepare a
// profile whose parts all collide. Its zero value is not usable.
type hasher struct {
	seed  maphash.Seed
	start uint64 // the hash of nothing
}

func newHasher() hasher {
	seed := maphash.MakeSeed()
	return hasher{seed: seed, start: maphash.String(seed, "")}
}

// text is the hash of a string.
func (h hasher) text(s string) uint64 { return maphash.String(h.seed, s) }

// mix adds a number to a hash: the halves of a 128-bit product, folded.
func mix(hash, v uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(hash^v, odd)
	return hi ^ bits.RotateLeft64(lo, 32) ^ hash
}
