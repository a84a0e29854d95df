package parquetfile

import (
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// encoder writes the pages of one column chunk after another and keeps its
// buffers between them.
type encoder struct {
	zstd  *zstd.Encoder
	small bool

	buf          []byte
	encoding     format.Encoding // of the chunk's data pages
	dataPage     int64           // where the first data page is in buf; -1 before it
	uncompressed int64           // bytes of the chunk before compression, with headers

	plain, packed []byte
	other         []byte
	indexes       []int32
	remap         []int32
	dict64        map[int64]int32
	delta         delta.BinaryPackedEncoding
	rle           rle.DictionaryEncoding
}

func (e *encoder) begin(buf []byte) {
	e.buf, e.dataPage, e.uncompressed = buf, -1, 0
}

// maxDictionary is the most distinct values for which integers are tried as a
// dictionary: above it the indexes are hardly shorter than the differences.
const maxDictionary = 4096

// encodeInts writes integers as the differences of neighbours
// (DELTA_BINARY_PACKED), or through a dictionary if that takes less: values of
// CPU profiles are a few multiples of the sampling period in any order.
func encodeInts[T int32 | int64](e *encoder, values []T) error {
	dict := dictionaryOf(e, values)
	if dict == nil || len(dict) == 1 {
		return e.deltaPages(values)
	}
	if !e.small && !dictionaryLooksShorter(e, values, dict) {
		return e.deltaPages(values)
	}
	if !e.small {
		return e.dictionaryPages(dict, len(values))
	}
	// Both ways, to keep the shorter.
	start := e.buf
	if err := e.dictionaryPages(dict, len(values)); err != nil {
		return err
	}
	e.other = append(e.other[:0], e.buf[len(start):]...)
	encoding, dataPage, uncompressed := e.encoding, e.dataPage, e.uncompressed
	e.begin(start)
	if err := e.deltaPages(values); err != nil {
		return err
	}
	if len(e.buf)-len(start) <= len(e.other) {
		return nil
	}
	e.buf = append(start, e.other...)
	e.encoding, e.dataPage, e.uncompressed = encoding, dataPage, uncompressed
	return nil
}

// dictionaryOf returns the distinct values in the order of their appearance,
// as the plain encoding of a dictionary page, and leaves their positions in
// e.indexes. It returns nil if there are too many.
func dictionaryOf[T int32 | int64](e *encoder, values []T) []T {
	if e.dict64 == nil {
		e.dict64 = make(map[int64]int32)
	}
	clear(e.dict64)
	limit := min(maxDictionary, len(values)/2+1)
	e.indexes = e.indexes[:0]
	var dict []T
	last, lastIndex := T(0), int32(-1)
	for _, v := range values {
		if v != last || lastIndex < 0 {
			i, ok := e.dict64[int64(v)]
			if !ok {
				if len(dict) == limit {
					return nil
				}
				i = int32(len(dict))
				e.dict64[int64(v)] = i
				dict = append(dict, v)
			}
			last, lastIndex = v, i
		}
		e.indexes = append(e.indexes, lastIndex)
	}
	return dict
}

// dictionaryLooksShorter compares the lengths before compression.
func dictionaryLooksShorter[T int32 | int64](e *encoder, values []T, dict []T) bool {
	asDict := len(dict)*8 + len(values)*bits.Len(uint(len(dict)-1))/8
	n := min(len(values), 4096)
	sample := e.deltaEncode(values[:n])
	return asDict < len(sample)*len(values)/n
}

func (e *encoder) dictionaryPages(dict any, rows int) error {
	e.plain = e.plain[:0]
	n := 0
	switch d := dict.(type) {
	case []int32:
		n = len(d)
		for _, v := range d {
			e.plain = binary.LittleEndian.AppendUint32(e.plain, uint32(v))
		}
	case []int64:
		n = len(d)
		for _, v := range d {
			e.plain = binary.LittleEndian.AppendUint64(e.plain, uint64(v))
		}
	}
	e.page(format.DictionaryPage, format.Plain, n, e.plain)
	return e.indexPages(rows)
}

// indexPages writes e.indexes as data pages that refer to the dictionary.
func (e *encoder) indexPages(rows int) error {
	e.encoding = format.RLEDictionary
	for from := 0; from < rows; from += MaxPageRows {
		part := e.indexes[from:min(from+MaxPageRows, rows)]
		b, err := e.rle.EncodeInt32(e.plain, part)
		if err != nil {
			return err
		}
		e.plain = b
		e.page(format.DataPage, format.RLEDictionary, len(part), b)
	}
	return nil
}

func (e *encoder) deltaEncode(values any) []byte {
	// The encoder of differences cannot fail.
	switch v := values.(type) {
	case []int32:
		e.plain, _ = e.delta.EncodeInt32(e.plain, v)
	case []int64:
		e.plain, _ = e.delta.EncodeInt64(e.plain, v)
	}
	return e.plain
}

func (e *encoder) deltaPages(values any) error {
	e.encoding = format.DeltaBinaryPacked
	each := func(n int, part func(from, to int) any) {
		for from := 0; from < n; from += MaxPageRows {
			to := min(from+MaxPageRows, n)
			e.page(format.DataPage, format.DeltaBinaryPacked, to-from, e.deltaEncode(part(from, to)))
		}
	}
	switch v := values.(type) {
	case []int32:
		each(len(v), func(from, to int) any { return v[from:to] })
	case []int64:
		each(len(v), func(from, to int) any { return v[from:to] })
	}
	return nil
}

// strings writes a dictionary of the strings that are referred to, in the
// order of their appearance, and references to it.
func (e *encoder) strings(table []string, ids []uint32) error {
	if cap(e.remap) < len(table) {
		e.remap = make([]int32, len(table))
	}
	e.remap = e.remap[:len(table)]
	clear(e.remap)
	e.indexes, e.plain = e.indexes[:0], e.plain[:0]
	n := int32(0)
	for _, id := range ids {
		if e.remap[id] == 0 {
			n++
			e.remap[id] = n
			e.plain = binary.LittleEndian.AppendUint32(e.plain, uint32(len(table[id])))
			e.plain = append(e.plain, table[id]...)
		}
		e.indexes = append(e.indexes, e.remap[id]-1)
	}
	e.page(format.DictionaryPage, format.Plain, int(n), e.plain)
	return e.indexPages(len(ids))
}

func (e *encoder) uuids(values [][16]byte) error {
	e.encoding = format.Plain
	for from := 0; from < len(values); from += MaxPageRows {
		part := values[from:min(from+MaxPageRows, len(values))]
		e.plain = e.plain[:0]
		for i := range part {
			e.plain = append(e.plain, part[i][:]...)
		}
		e.page(format.DataPage, format.Plain, len(part), e.plain)
	}
	return nil
}
