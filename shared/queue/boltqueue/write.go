package boltqueue

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// pruneSurplus is how many deduplication ids beyond those that it adds a
// transaction removes, so that those of a burst are gone in time.
const pruneSurplus = 64

// write puts the plan into a transaction.
func (p *plan) write(tx *bbolt.Tx) error {
	if err := p.writePuts(tx); err != nil {
		return fmt.Errorf("store messages: %w", err)
	}
	messages, garbage := tx.Bucket(bucketMessages), tx.Bucket(bucketGarbage)
	for _, b := range p.gone {
		key := seqKey(b.seq)
		err := errors.Join(messages.Delete(key), garbage.Put(key, binary.BigEndian.AppendUint32(nil, b.size)))
		if err != nil {
			return fmt.Errorf("delete message %d: %w", b.seq, err)
		}
	}
	bodies := tx.Bucket(bucketBodies)
	for _, b := range p.sweep {
		key := seqKey(b.seq)
		if err := errors.Join(bodies.Delete(key), garbage.Delete(key)); err != nil {
			return fmt.Errorf("remove body %d: %w", b.seq, err)
		}
	}
	return nil
}

func (p *plan) writePuts(tx *bbolt.Tx) error {
	if len(p.puts) == 0 {
		return nil
	}
	messages, bodies, dedup := tx.Bucket(bucketMessages), tx.Bucket(bucketBodies), tx.Bucket(bucketDedup)
	for _, b := range []*bbolt.Bucket{messages, bodies, dedup} {
		b.FillPercent = appendFill
	}
	for _, put := range p.puts {
		key := seqKey(put.seq)
		err := errors.Join(
			messages.Put(key, put.record.append(nil)),
			bodies.Put(key, put.body),
			dedup.Put(dedupFileKey(put.ends(), put.seq), put.dedup[:]),
		)
		if err != nil {
			return fmt.Errorf("store message %d: %w", put.seq, err)
		}
	}
	if err := messages.SetSequence(p.seq); err != nil {
		return err
	}
	return p.pruneDedup(dedup)
}

// pruneDedup removes ids whose window is over.
func (p *plan) pruneDedup(b *bbolt.Bucket) error {
	var over [][]byte // deleting under a cursor makes it skip
	c := b.Cursor()
	for k, _ := c.First(); k != nil && len(over) < 2*len(p.puts)+pruneSurplus; k, _ = c.Next() {
		if int64(binary.BigEndian.Uint64(k)) > p.now.UnixMilli() {
			break
		}
		over = append(over, k)
	}
	for _, k := range over {
		if err := b.Delete(k); err != nil {
			return fmt.Errorf("prune deduplication ids: %w", err)
		}
	}
	return nil
}

// body is a body in the file.
type body struct {
	seq  uint64
	size uint32
}

// garbage is the bodies whose messages are gone. They are removed many at a
// time: bbolt rewrites the neighbours of what it removes, unless they go in the
// same transaction.
type garbage struct {
	bodies []body
	bytes  int
}

const (
	dueBodies = 512
	dueBytes  = 8 << 20
	maxSweep  = 2048 // bodies of one transaction
)

func (g *garbage) add(bodies ...body) {
	g.bodies = append(g.bodies, bodies...)
	for _, b := range bodies {
		g.bytes += int(b.size)
	}
}

// due returns what is to be removed now, in the order of the file.
func (g *garbage) due() []body {
	if len(g.bodies) < dueBodies && g.bytes < dueBytes {
		return nil
	}
	some := g.bodies[:min(len(g.bodies), maxSweep)]
	slices.SortFunc(some, func(a, b body) int { return cmp.Compare(a.seq, b.seq) })
	return some
}

// drop forgets the first n bodies.
func (g *garbage) drop(n int) {
	for _, b := range g.bodies[:n] {
		g.bytes -= int(b.size)
	}
	g.bodies = g.bodies[n:]
}
