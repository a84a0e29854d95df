// Package jfrtest writes recordings, for tests of what real ones do not hold:
// other encodings, several checkpoints, faults.
package jfrtest

import "encoding/binary"

// Class describes a class of events, constants or parts of them.
type Class struct {
	ID     int64
	Name   string
	Fields []Field
}

// Field is a field of a class: Class is the id of its own.
type Field struct {
	Name       string
	Class      int64
	Ref, Array bool
}

// Pool is constants of a class. Each is written by its function, in the order of
// keys.
type Pool struct {
	Class     int64
	Keys      []int64
	Constants []func(*Encoder)
}

// Event is an event of a class.
type Event struct {
	Class int64
	Body  func(*Encoder)
}

// Chunk is a chunk to be written.
type Chunk struct {
	Plain          bool // integers are not compressed
	TicksPerSecond int64
	Classes        []Class
	Checkpoints    [][]Pool // in the order in which they are written
	Events         []Event
}

const headerBytes = 68

// Append appends the chunk to a recording.
func (c *Chunk) Append(to []byte) []byte {
	e := &Encoder{Plain: c.Plain, Bytes: make([]byte, headerBytes)}
	for _, v := range c.Events {
		e.event(v.Class, v.Body)
	}
	last := 0
	for _, pools := range c.Checkpoints {
		at := len(e.Bytes)
		e.event(1, func(e *Encoder) { e.checkpoint(pools, last, at) })
		last = at
	}
	metadata := len(e.Bytes)
	e.event(0, c.metadata)
	b := e.Bytes
	copy(b, "FLR\x00\x00\x02\x00\x00")
	for at, v := range map[int]int64{8: int64(len(b)), 16: int64(last), 24: int64(metadata), 56: c.TicksPerSecond} {
		binary.BigEndian.PutUint64(b[at:], uint64(v))
	}
	if !c.Plain {
		b[67] = 1
	}
	return append(to, b...)
}

func (e *Encoder) checkpoint(pools []Pool, last, at int) {
	e.Long(0)
	e.Long(0)
	back := int64(0)
	if last > 0 {
		back = int64(last - at)
	}
	e.Long(back)
	e.Byte(0)
	e.Int(int64(len(pools)))
	for _, p := range pools {
		e.Long(p.Class)
		e.Int(int64(len(p.Keys)))
		for i, key := range p.Keys {
			e.Long(key)
			p.Constants[i](e)
		}
	}
}

// metadata writes what is described, as a tree with a string for everything.
func (c *Chunk) metadata(e *Encoder) {
	for range 3 {
		e.Long(0)
	}
	var words []string
	at := make(map[string]int64)
	word := func(s string) int64 {
		if _, ok := at[s]; !ok {
			at[s] = int64(len(words))
			words = append(words, s)
		}
		return at[s]
	}
	tree := &Encoder{Plain: e.Plain}
	element := func(name string, children int, attributes ...string) {
		tree.Int(word(name))
		tree.Int(int64(len(attributes) / 2))
		for _, a := range attributes {
			tree.Int(word(a))
		}
		tree.Int(int64(children))
	}
	element("root", 2)
	element("metadata", len(c.Classes))
	for _, class := range c.Classes {
		element("class", len(class.Fields)+1, "id", decimal(class.ID), "name", class.Name)
		element("annotation", 0, "class", "5")
		for _, f := range class.Fields {
			attributes := []string{"name", f.Name, "class", decimal(f.Class)}
			if f.Ref {
				attributes = append(attributes, "constantPool", "true")
			}
			if f.Array {
				attributes = append(attributes, "dimension", "1")
			}
			element("field", 1, attributes...)
			element("annotation", 0)
		}
	}
	element("region", 0, "locale", "en")
	e.Int(int64(len(words)))
	for _, w := range words {
		e.UTF8(w)
	}
	e.Bytes = append(e.Bytes, tree.Bytes...)
}
