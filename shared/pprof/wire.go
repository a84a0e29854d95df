package pprof

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// wireType is how a field stands in a protobuf message.
type wireType uint8

const (
	wireVarint  wireType = 0
	wireFixed64 wireType = 1
	wireBytes   wireType = 2
	wireFixed32 wireType = 5
)

var (
	errTruncated = errors.New("message ends in the middle of a field")
	errVarint    = errors.New("number of more than 64 bits")
)

// message is a cursor over the fields of a protobuf message:
//
//	for m := open(data); m.next(); {
//		switch m.field { … }
//	}
//
// The first mistake ends the loop and stays in err. The cursor moves by
// positions rather than by reslicing: pointers would cost a write barrier for
// each field while the garbage collector runs.
type message struct {
	data []byte
	pos  int // behind the field read last; at the end after a mistake
	err  error

	// The field read last: its number, and its value as a number, or the
	// size of its bytes, which end at pos.
	field int
	wire  wireType
	value uint64
}

func open(data []byte) message { return message{data: data} }

// next reads the next field and reports whether there was one.
func (m *message) next() bool {
	if m.pos >= len(m.data) {
		return false
	}
	tag, ok := uint64(m.data[m.pos]), true
	if tag < 0x80 {
		m.pos++
	} else if tag, ok = m.varint(); !ok {
		return false
	}
	m.field, m.wire = int(tag>>3), wireType(tag&7)
	if m.field == 0 || m.field > 1<<29-1 {
		return m.fail(fmt.Errorf("field number %d", tag>>3))
	}
	switch m.wire {
	case wireVarint:
		m.value, ok = m.varint()
		return ok
	case wireBytes:
		m.value, ok = m.varint()
		return ok && m.pass()
	case wireFixed64:
		m.value = 8
		return m.pass()
	case wireFixed32:
		m.value = 4
		return m.pass()
	default:
		return m.fail(fmt.Errorf("field %d has the unknown wire type %d", m.field, m.wire))
	}
}

// varint reads a number at the position of the cursor.
func (m *message) varint() (uint64, bool) {
	var v uint64
	for i, c := range m.data[m.pos:] {
		if i == binary.MaxVarintLen64-1 && c > 1 {
			return 0, m.fail(errVarint)
		}
		if c < 0x80 {
			m.pos += i + 1
			return v | uint64(c)<<(7*i&63), true
		}
		v |= uint64(c&0x7f) << (7 * i & 63)
	}
	return 0, m.fail(errTruncated)
}

// pass goes on behind the bytes of the field.
func (m *message) pass() bool {
	if m.value > uint64(len(m.data)-m.pos) {
		return m.fail(errTruncated)
	}
	m.pos += int(m.value)
	return true
}

func (m *message) fail(err error) bool {
	m.pos, m.err = len(m.data), err
	return false
}

// uint is the field as a number; of another wire type it fails the message.
func (m *message) uint() uint64 {
	if m.wire != wireVarint {
		m.mistyped()
		return 0
	}
	return m.value
}

// payload is the field as bytes, which are part of the message; of another
// wire type it fails the message.
func (m *message) payload() []byte {
	if m.wire != wireBytes {
		m.mistyped()
		return nil
	}
	return m.data[m.pos-int(m.value) : m.pos]
}

func (m *message) mistyped() {
	m.fail(fmt.Errorf("field %d has the wrong wire type %d", m.field, m.wire))
}

// countVarints is the number of varints in b, if it holds nothing else: each
// ends in the only of its bytes below 0x80.
func countVarints(b []byte) int {
	n := 0
	for _, c := range b {
		n += int(^c >> 7)
	}
	return n
}
