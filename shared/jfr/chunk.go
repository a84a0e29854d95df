package jfr

import (
	"encoding/binary"
	"iter"
	"math"
)

// Chunk is a part of a recording that can be read by itself.
type Chunk struct {
	// TicksPerSecond is the unit of durations in events.
	TicksPerSecond int64

	data       []byte // of the recording, up to where the chunk ends
	start      int
	compressed bool
	layouts    layouts
	pools      map[int64]*pool // by the id of their class
	constants  int             // how many there are
	frames     layout          // of a frame of a stack trace
	scratch    [maxWanted]int64
}

// The header of a chunk.
const (
	headerBytes = 68
	magic       = "FLR\x00"
)

// Is reports whether data begins like a recording.
func Is(data []byte) bool { return len(data) >= len(magic) && string(data[:len(magic)]) == magic }

// Chunks opens the chunks of a recording one after the other. After an error
// there are no more. A chunk must not be used after the next one was opened.
func Chunks(data []byte) iter.Seq2[*Chunk, error] {
	return func(yield func(*Chunk, error) bool) {
		if len(data) > math.MaxInt32 {
			yield(nil, malformed("%d bytes are too many", len(data)))
			return
		}
		if len(data) == 0 {
			yield(nil, malformed("it is empty"))
			return
		}
		for at := 0; at < len(data); {
			c, err := open(data, at)
			if !yield(c, err) || err != nil {
				return
			}
			at = len(c.data)
		}
	}
}

// open opens the chunk at a position.
func open(data []byte, start int) (*Chunk, error) {
	if len(data)-start < headerBytes || !Is(data[start:]) {
		return nil, malformed("no chunk at byte %d", start)
	}
	header := data[start : start+headerBytes]
	if major := binary.BigEndian.Uint16(header[4:]); major != 2 {
		return nil, malformed("version %d, not 2", major)
	}
	number := func(at int) int64 { return int64(binary.BigEndian.Uint64(header[at:])) }
	size, constants, meta := number(8), number(16), number(24)
	if size < headerBytes || size > int64(len(data)-start) {
		return nil, malformed("chunk of %d bytes, of which %d are there", size, len(data)-start)
	}
	if !(headerBytes <= constants && constants < size && headerBytes <= meta && meta < size) {
		return nil, malformed("constants at %d and metadata at %d of a chunk of %d bytes", constants, meta, size)
	}
	c := &Chunk{
		TicksPerSecond: number(56),
		data:           data[:start+int(size)],
		start:          start,
		compressed:     header[67]&1 != 0,
		pools:          make(map[int64]*pool),
	}
	cur := c.cursor(start + int(meta))
	m, err := readMetadata(&cur)
	if err != nil {
		return nil, err
	}
	c.layouts.metadata = m
	if err := c.readPools(start + int(constants)); err != nil {
		return nil, err
	}
	return c, c.bindFrames()
}

// cursor returns a cursor at a position.
func (c *Chunk) cursor(at int) cursor {
	return cursor{data: c.data, pos: at, compressed: c.compressed}
}
