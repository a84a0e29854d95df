package boltqueue

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// dedupKey stands for a group and a deduplication id.
type dedupKey [16]byte

// newDedupKey hashes, because a window may hold more ids than there is memory
// for their text. 128 bits of SHA-256 do not collide.
func newDedupKey(m queue.Message) dedupKey {
	b := make([]byte, 0, 2*queue.MaxIDBytes+2)
	b = binary.AppendUvarint(b, uint64(len(m.Group)))
	b = append(b, m.Group...)
	b = append(b, m.DedupID...)
	sum := sha256.Sum256(b)
	return dedupKey(sum[:])
}

// dedupEntry is a deduplication id and when it may be used again, Unix
// milliseconds.
type dedupEntry struct {
	key  dedupKey
	ends int64
}

// dedupTable knows the messages of the last DedupWindow.
type dedupTable struct {
	ends  map[dedupKey]int64
	order []dedupEntry // as they came, for pruning
}

func newDedupTable() dedupTable { return dedupTable{ends: map[dedupKey]int64{}} }

func (d *dedupTable) add(e dedupEntry) {
	d.ends[e.key] = e.ends
	d.order = append(d.order, e)
}

// has reports whether the id was used within the window before now.
func (d *dedupTable) has(key dedupKey, now time.Time) bool {
	ends, ok := d.ends[key]
	return ok && now.UnixMilli() < ends
}

// prune forgets what is over.
func (d *dedupTable) prune(now time.Time) {
	n := 0
	for ; n < len(d.order) && d.order[n].ends <= now.UnixMilli(); n++ {
		e := d.order[n]
		if d.ends[e.key] == e.ends { // else it was used again after its window
			delete(d.ends, e.key)
		}
	}
	d.order = d.order[n:] // append moves the rest once it is small enough
}
