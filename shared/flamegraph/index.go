package flamegraph

import "math/bits"

// nodeIndex finds the nodes of a tree by key (parent and name): an
// open-addressing hash table with linear probing. A slot holds the number of
// the node in its lower half, 0 when it is free, since the root is never looked
// up, and 32 bits of the hash in the upper half, which spare most looks at the
// keys of other nodes.
type nodeIndex struct {
	slots []uint64 // a power of two
	used  int
	seed  uint64 // of this table, so that no data can aim at collisions
}

const minIndexSize = 64

func (x *nodeIndex) hash(key uint64) uint64 {
	hi, lo := bits.Mul64(key^x.seed, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

// find returns the node of a key.
func (x *nodeIndex) find(key uint64, keys []uint64) (Node, bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	h := x.hash(key)
	mask := uint64(len(x.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		slot := x.slots[i]
		if slot == 0 {
			return 0, false
		}
		if slot>>32 == h>>32 && keys[uint32(slot)] == key {
			return Node(slot), true
		}
	}
}

// add enters a node that is not there yet.
func (x *nodeIndex) add(n Node, keys []uint64) {
	x.used++
	if 3*len(x.slots) < 5*x.used { // at most 60 % full
		x.grow(keys)
		return
	}
	x.put(n, keys[n])
}

func (x *nodeIndex) put(n Node, key uint64) {
	h := x.hash(key)
	mask := uint64(len(x.slots) - 1)
	i := h & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = h>>32<<32 | uint64(n)
}

// grow makes a larger table of all nodes.
func (x *nodeIndex) grow(keys []uint64) {
	x.slots = make([]uint64, max(minIndexSize, 2*len(x.slots)))
	for n := 1; n < len(keys); n++ {
		x.put(Node(n), keys[n])
	}
}
