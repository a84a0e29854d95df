package jfr

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// cursor reads a part of a recording. What goes beyond its end fails, and so
// does all that is read afterwards: a failed cursor returns zeros and stays
// where it is. Callers ask once, when they are through.
type cursor struct {
	data       []byte // of the recording, up to where the part ends
	pos        int
	compressed bool // whether integers are
	failed     bool
}

// left is the number of bytes that are still to be read.
func (c *cursor) left() int { return len(c.data) - c.pos }

func (c *cursor) fail() {
	c.failed = true
	c.pos = len(c.data)
}

func (c *cursor) skip(n int) {
	if n < 0 || n > c.left() {
		c.fail()
		return
	}
	c.pos += n
}

func (c *cursor) byte() byte {
	if c.pos >= len(c.data) {
		c.fail()
		return 0
	}
	b := c.data[c.pos]
	c.pos++
	return b
}

// integer reads an integer that takes some bytes unless it is compressed.
func (c *cursor) integer(size int) int64 {
	if c.compressed {
		return c.varint()
	}
	start := c.pos
	if c.skip(size); c.failed {
		return 0
	}
	switch b := c.data[start:c.pos]; size {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	default:
		return int64(binary.BigEndian.Uint64(b))
	}
}

// varint reads groups of 7 bits, the lowest first; the ninth byte has 8.
func (c *cursor) varint() int64 {
	if c.pos < len(c.data) && c.data[c.pos] < 0x80 { // most of them
		c.pos++
		return int64(c.data[c.pos-1])
	}
	var v uint64
	for shift := 0; shift < 56; shift += 7 {
		b := c.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int64(v)
		}
	}
	return int64(v | uint64(c.byte())<<56)
}

func (c *cursor) long() int64 { return c.integer(8) }

// count reads how many parts follow, of which each takes a byte at least.
func (c *cursor) count() int {
	n := c.integer(4)
	if n < 0 || n > int64(c.left()) {
		c.fail()
		return 0
	}
	return int(n)
}

// The encodings of strings.
const (
	stringNull = iota
	stringEmpty
	stringConstant // of the pool of java.lang.String
	stringUTF8
	stringChars // of UTF-16
	stringLatin1
)

// skipString goes to the end of a string.
func (c *cursor) skipString() {
	switch c.byte() {
	case stringNull, stringEmpty:
	case stringConstant:
		c.long()
	case stringUTF8, stringLatin1:
		c.skip(c.count())
	case stringChars:
		for range c.count() {
			c.integer(2)
		}
	default:
		c.fail()
	}
}

// text reads a string. If it is a constant, that is asked for.
func (c *cursor) text(constant func(key int64) string) string {
	switch c.byte() {
	case stringNull, stringEmpty:
	case stringConstant:
		return constant(c.long())
	case stringUTF8:
		return strings.ToValidUTF8(string(c.bytes()), "\uFFFD")
	case stringLatin1:
		b := c.bytes()
		runes := make([]rune, len(b))
		for i := range b {
			runes[i] = rune(b[i])
		}
		return string(runes)
	case stringChars:
		chars := make([]uint16, c.count())
		for i := range chars {
			chars[i] = uint16(c.integer(2))
		}
		return string(utf16.Decode(chars))
	default:
		c.fail()
	}
	return ""
}

// bytes reads a number and as many bytes.
func (c *cursor) bytes() []byte {
	n := c.count()
	start := c.pos
	c.skip(n)
	return c.data[start:c.pos]
}
