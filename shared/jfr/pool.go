package jfr

import (
	"cmp"
	"slices"
)

// The classes whose constants are kept.
const (
	classString      = "java.lang.String"
	classClass       = "java.lang.Class"
	classSymbol      = "jdk.types.Symbol"
	classMethod      = "jdk.types.Method"
	classStackTrace  = "jdk.types.StackTrace"
	classThreadState = "jdk.types.ThreadState"
)

// pool is the constants of a class, sorted by their keys: where they begin.
type pool struct {
	layout   layout // with what is wanted of a constant; see wantedOf
	entries  []entry
	unsorted bool
}

type entry struct {
	key int64
	at  uint32 // in the recording
}

// wantedOf names the fields that are wanted of the constants of a class: those
// of one that is not made of fields itself by "". Of others nothing is kept.
func wantedOf(class string) []string {
	switch class {
	case classString:
		return []string{""}
	case classSymbol:
		return []string{"string"}
	case classClass, classThreadState:
		return []string{"name"}
	case classMethod:
		return []string{"name", "type"}
	case classStackTrace:
		return []string{"frames", "truncated"}
	}
	return nil
}

// maxWanted is the most fields that wantedOf and Chunk.Event take.
const maxWanted = 8

// maxConstants is how many constants of a chunk are kept.
const maxConstants = 1 << 20

func (p *pool) add(key int64, at int) {
	if n := len(p.entries); n > 0 && p.entries[n-1].key >= key {
		p.unsorted = true
	}
	p.entries = append(p.entries, entry{key, uint32(at)})
}

func (p *pool) sort() {
	if p.unsorted {
		slices.SortStableFunc(p.entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
		p.unsorted = false
	}
}

// find returns where a constant begins.
func (p *pool) find(key int64) (at int, ok bool) {
	if p == nil || len(p.entries) == 0 {
		return 0, false
	}
	// Keys are often numbered, without a gap.
	if i := key - p.entries[0].key; 0 <= i && i < int64(len(p.entries)) && p.entries[i].key == key {
		return int(p.entries[i].at), true
	}
	i, ok := slices.BinarySearchFunc(p.entries, key, func(e entry, key int64) int { return cmp.Compare(e.key, key) })
	if !ok {
		return 0, false
	}
	return int(p.entries[i].at), true
}

// readPools finds the constants of a chunk, from the last checkpoint at some
// position back to the first. Each has to end before the one that was written
// after it, so that no byte is read twice.
func (c *Chunk) readPools(at int) error {
	end := len(c.data)
	for {
		cur := c.cursor(at)
		size := cur.integer(4)
		if cur.failed || size < 1 || size > int64(end-at) {
			return malformed("checkpoint of %d bytes", size)
		}
		cur.data = cur.data[:at+int(size)]
		cur.long() // type
		cur.long() // time
		cur.long() // duration
		back := cur.long()
		cur.byte() // kind of checkpoint
		if err := c.readCheckpoint(&cur); err != nil {
			return err
		}
		if back == 0 {
			break
		}
		end = at
		if back > 0 || back < -int64(at-c.start-headerBytes) {
			return malformed("the checkpoint before the one at %d is at %d", at-c.start, int64(at-c.start)+back)
		}
		at += int(back)
	}
	for _, p := range c.pools {
		p.sort()
	}
	return nil
}

// readCheckpoint finds the constants of a checkpoint.
func (c *Chunk) readCheckpoint(cur *cursor) error {
	for n := cur.count(); n > 0; n-- {
		class := c.layouts.classes[cur.long()]
		count := cur.count()
		if cur.failed {
			break
		}
		if class == nil {
			return malformed("constants of a class that is not described")
		}
		p, err := c.pool(class)
		if err != nil {
			return err
		}
		keep := len(wantedOf(class.name)) > 0
		if c.constants += count; keep && c.constants > maxConstants {
			return malformed("more than %d constants", maxConstants)
		}
		for ; count > 0 && !cur.failed; count-- {
			key := cur.long()
			if keep {
				p.add(key, cur.pos)
			}
			p.layout.read(cur, c.scratch[:])
		}
	}
	if cur.failed {
		return malformed("constants end early")
	}
	return nil
}

// pool returns the pool of a class.
func (c *Chunk) pool(of *class) (*pool, error) {
	if p := c.pools[of.id]; p != nil {
		return p, nil
	}
	l, err := c.layouts.of(of, wantedOf(of.name)...)
	if err != nil {
		return nil, err
	}
	p := &pool{layout: l}
	c.pools[of.id] = p
	return p, nil
}
