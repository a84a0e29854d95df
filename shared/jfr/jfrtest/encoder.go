package jfrtest

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
)

// Encoder writes values.
type Encoder struct {
	Plain bool // integers are not compressed
	Bytes []byte
}

func decimal(v int64) string { return strconv.FormatInt(v, 10) }

// event writes an event, whose size counts itself.
func (e *Encoder) event(class int64, body func(*Encoder)) {
	start := len(e.Bytes)
	e.Bytes = append(e.Bytes, 0, 0, 0, 0)
	e.Long(class)
	body(e)
	size := uint32(len(e.Bytes) - start)
	if e.Plain {
		binary.BigEndian.PutUint32(e.Bytes[start:], size)
		return
	}
	for i := range 4 { // padded, as the JDK does
		e.Bytes[start+i] = byte(size>>(7*i))&0x7f | 0x80
	}
	e.Bytes[start+3] &= 0x7f
}

// Byte writes a boolean or byte.
func (e *Encoder) Byte(b byte) { e.Bytes = append(e.Bytes, b) }

// Short writes a short or char.
func (e *Encoder) Short(v int64) {
	if e.Plain {
		e.Bytes = binary.BigEndian.AppendUint16(e.Bytes, uint16(v))
		return
	}
	e.Long(v & 0xffff)
}

// Int writes an int.
func (e *Encoder) Int(v int64) {
	if e.Plain {
		e.Bytes = binary.BigEndian.AppendUint32(e.Bytes, uint32(v))
		return
	}
	e.Long(v & 0xffffffff)
}

// Long writes a long or the key of a constant.
func (e *Encoder) Long(v int64) {
	if e.Plain {
		e.Bytes = binary.BigEndian.AppendUint64(e.Bytes, uint64(v))
		return
	}
	u := uint64(v)
	for range 8 {
		if u < 0x80 {
			e.Byte(byte(u))
			return
		}
		e.Byte(byte(u) | 0x80)
		u >>= 7
	}
	e.Byte(byte(u))
}

// Raw writes bytes as they are.
func (e *Encoder) Raw(b ...byte) { e.Bytes = append(e.Bytes, b...) }

// UTF8 writes a string in UTF-8.
func (e *Encoder) UTF8(s string) {
	e.Byte(3)
	e.Int(int64(len(s)))
	e.Raw([]byte(s)...)
}

// Latin1 writes a string in Latin-1, which it must be.
func (e *Encoder) Latin1(s string) {
	e.Byte(5)
	e.Int(int64(len([]rune(s))))
	for _, r := range s {
		e.Byte(byte(r))
	}
}

// Chars writes a string in UTF-16.
func (e *Encoder) Chars(s string) {
	e.Byte(4)
	units := utf16.Encode([]rune(s))
	e.Int(int64(len(units)))
	for _, u := range units {
		e.Short(int64(u))
	}
}

// Constant writes a string that is a constant.
func (e *Encoder) Constant(key int64) {
	e.Byte(2)
	e.Long(key)
}
