package parquetfile

import (
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/format"
)

// pageHeader is the part of Parquet's PageHeader that our pages use. It is
// coded by hand in Thrift's compact protocol: there is one for every page, and
// reflection would cost more than decoding a small page.
type pageHeader struct {
	kind         format.PageType // DataPage or DictionaryPage
	uncompressed int32           // bytes of the page's content
	compressed   int32           // bytes that follow the header
	crc          int32           // of those bytes, IEEE
	hasCRC       bool
	values       int32
	encoding     format.Encoding
}

// Types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftStruct = 12
)

// append writes the header. Field numbers are those of parquet.thrift.
func (h *pageHeader) append(b []byte) []byte {
	i32 := func(delta byte, v int32) {
		b = append(b, delta<<4|thriftI32)
		b = binary.AppendVarint(b, int64(v))
	}
	i32(1, int32(h.kind))
	i32(1, h.uncompressed)
	i32(1, h.compressed)
	i32(1, h.crc)
	if h.kind == format.DictionaryPage {
		b = append(b, 3<<4|thriftStruct) // field 7
		i32(1, h.values)
		i32(1, int32(h.encoding))
	} else {
		b = append(b, 1<<4|thriftStruct) // field 5
		i32(1, h.values)
		i32(1, int32(h.encoding))
		i32(1, int32(format.RLE)) // of definition levels, of which there are none
		i32(1, int32(format.RLE)) // of repetition levels, likewise
	}
	return append(b, 0, 0)
}

var errPageHeader = errors.New("malformed page header")

// parsePageHeader reads a header at the start of b and returns its length.
func parsePageHeader(b []byte) (h pageHeader, n int, err error) {
	r := thriftReader{b: b}
	r.fields(func(id int16, kind byte) {
		switch {
		case id == 1 && kind == thriftI32:
			h.kind = format.PageType(r.i32())
		case id == 2 && kind == thriftI32:
			h.uncompressed = r.i32()
		case id == 3 && kind == thriftI32:
			h.compressed = r.i32()
		case id == 4 && kind == thriftI32:
			h.crc, h.hasCRC = r.i32(), true
		case (id == 5 || id == 7) && kind == thriftStruct:
			r.fields(func(id int16, kind byte) {
				switch {
				case id == 1 && kind == thriftI32:
					h.values = r.i32()
				case id == 2 && kind == thriftI32:
					h.encoding = format.Encoding(r.i32())
				default:
					r.skip(kind, 0)
				}
			})
		default:
			r.skip(kind, 0)
		}
	})
	if r.failed || h.uncompressed < 0 || h.compressed < 0 || h.values < 0 {
		return h, 0, errPageHeader
	}
	return h, len(b) - len(r.b), nil
}

// thriftReader reads Thrift's compact protocol off the front of b. After a
// failure it returns zeros.
type thriftReader struct {
	b      []byte
	failed bool
}

// fields calls f for each field of a struct; f must consume its value.
func (r *thriftReader) fields(f func(id int16, kind byte)) {
	id := int16(0)
	for !r.failed {
		head := r.byte()
		if head == 0 {
			return
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(r.varint())
		}
		f(id, head&0x0f)
	}
}

func (r *thriftReader) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *thriftReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed = true
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *thriftReader) i32() int32 {
	v := r.varint()
	if int64(int32(v)) != v {
		r.failed = true
	}
	return int32(v)
}

func (r *thriftReader) drop(n uint64) {
	if n > uint64(len(r.b)) {
		r.failed = true
		r.b = nil
		return
	}
	r.b = r.b[n:]
}

// maxThriftDepth bounds how deep a header that is not ours may be nested.
const maxThriftDepth = 8

// skip passes over a value, such as the statistics that other writers add.
func (r *thriftReader) skip(kind byte, depth int) {
	if depth > maxThriftDepth {
		r.failed = true
	}
	if r.failed {
		return
	}
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		r.drop(1)
	case thriftI16, thriftI32, thriftI64:
		r.varint()
	case thriftDouble:
		r.drop(8)
	case thriftBinary:
		n, used := binary.Uvarint(r.b)
		if used <= 0 {
			r.failed = true
			return
		}
		r.drop(uint64(used))
		r.drop(n)
	case thriftList, thriftSet:
		r.skipList(depth)
	case thriftStruct:
		r.fields(func(_ int16, kind byte) { r.skip(kind, depth+1) })
	default:
		r.failed = true
	}
}

func (r *thriftReader) skipList(depth int) {
	head := r.byte()
	n := uint64(head >> 4)
	if n == 15 {
		var used int
		if n, used = binary.Uvarint(r.b); used <= 0 {
			r.failed = true
			return
		}
		r.drop(uint64(used))
	}
	for i := uint64(0); i < n && !r.failed; i++ {
		if k := head & 0x0f; k == thriftTrue || k == thriftFalse {
			r.drop(1)
		} else {
			r.skip(k, depth+1)
		}
	}
}
