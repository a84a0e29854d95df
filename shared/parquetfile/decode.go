package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/bitpack"
	"github.com/parquet-go/parquet-go/format"
)

// ErrCorrupt is wrapped by all errors about the content of a chunk.
var ErrCorrupt = errors.New("corrupt column chunk")

var (
	errCutOff     = fmt.Errorf("%w: packed differences cut off", ErrCorrupt)
	errReferences = fmt.Errorf("%w: references to a dictionary", ErrCorrupt)
)

// MaxPageBytes bounds what a page may claim to hold before compression. Ours
// are below: 64 Ki rows of at most 9 bytes, or a dictionary of the strings of
// one dataset.
const MaxPageBytes = 256 << 20

// Decoder decodes column chunks. Its results do not refer to its buffers. It is
// not safe for concurrent use, but many may share one zstd decoder.
type Decoder struct {
	zstd *zstd.Decoder
	page []byte
}

// NewDecoder returns a decoder. dec must have been made with a memory limit of
// at least MaxPageBytes and may be shared.
func NewDecoder(dec *zstd.Decoder) *Decoder { return &Decoder{zstd: dec} }

// Int32 appends the values of an INT32 chunk of the given number of rows to
// dst.
func (d *Decoder) Int32(dst []int32, chunk []byte, rows int) ([]int32, error) {
	return decodeInts(d, dst, chunk, rows)
}

// Int64 appends the values of an INT64 chunk to dst.
func (d *Decoder) Int64(dst []int64, chunk []byte, rows int) ([]int64, error) {
	return decodeInts(d, dst, chunk, rows)
}

func decodeInts[T int32 | int64](d *Decoder, dst []T, chunk []byte, rows int) ([]T, error) {
	if rows < 0 || rows > len(chunk)*maxRowsPerByte {
		return dst, fmt.Errorf("%w: %d rows in %d bytes", ErrCorrupt, rows, len(chunk))
	}
	have := len(dst)
	dst = grow(dst, rows)
	var dict []T
	err := d.pages(chunk, rows, func(h *pageHeader, content []byte, from int) error {
		if h.kind == format.DictionaryPage {
			var err error
			dict, err = plainInts[T](content, int(h.values))
			return err
		}
		part := dst[have+from : have+from+int(h.values)]
		switch h.encoding {
		case format.DeltaBinaryPacked:
			return decodeDelta(part, content)
		case format.RLEDictionary:
			return lookUp(part, dict, content)
		default:
			return fmt.Errorf("%w: integers in encoding %v", ErrCorrupt, h.encoding)
		}
	})
	return dst, err
}

// maxRowsPerByte bounds the memory that a few hostile bytes can ask for: zstd
// and run lengths compress a constant column by this at the very most.
const maxRowsPerByte = 1 << 16

func grow[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s[:len(s)+n]
	}
	out := make([]T, len(s)+n)
	copy(out, s)
	return out
}

func plainInts[T int32 | int64](content []byte, n int) ([]T, error) {
	var zero T
	size := 8
	if _, ok := any(zero).(int32); ok {
		size = 4
	}
	if n*size != len(content) {
		return nil, fmt.Errorf("%w: a dictionary of %d values in %d bytes", ErrCorrupt, n, len(content))
	}
	out := make([]T, n)
	for i := range out {
		if size == 4 {
			out[i] = T(int32(binary.LittleEndian.Uint32(content[4*i:])))
		} else {
			out[i] = T(binary.LittleEndian.Uint64(content[8*i:]))
		}
	}
	return out, nil
}

// Strings returns the dictionary of a String chunk and, appended to dst, the
// position in it for each row.
func (d *Decoder) Strings(dst []uint32, chunk []byte, rows int) (dict []string, ids []uint32, err error) {
	if rows < 0 || rows > len(chunk)*maxRowsPerByte {
		return nil, dst, fmt.Errorf("%w: %d rows in %d bytes", ErrCorrupt, rows, len(chunk))
	}
	have := len(dst)
	dst = grow(dst, rows)
	err = d.pages(chunk, rows, func(h *pageHeader, content []byte, from int) error {
		if h.kind == format.DictionaryPage {
			var err error
			dict, err = plainStrings(content, int(h.values))
			return err
		}
		if h.encoding != format.RLEDictionary {
			return fmt.Errorf("%w: strings in encoding %v", ErrCorrupt, h.encoding)
		}
		return decodeIndexes(dst[have+from:have+from+int(h.values)], content, len(dict))
	})
	return dict, dst, err
}

func plainStrings(content []byte, n int) ([]string, error) {
	if n > len(content)/4 {
		return nil, fmt.Errorf("%w: a dictionary of %d strings in %d bytes", ErrCorrupt, n, len(content))
	}
	all := string(content) // one allocation that all of them share
	out := make([]string, n)
	at := 0
	for i := range out {
		if len(content)-at < 4 {
			return nil, fmt.Errorf("%w: dictionary cut off", ErrCorrupt)
		}
		size := int(binary.LittleEndian.Uint32(content[at:]))
		at += 4
		if size > len(content)-at {
			return nil, fmt.Errorf("%w: dictionary cut off", ErrCorrupt)
		}
		out[i] = all[at : at+size]
		at += size
	}
	return out, nil
}

// UUIDs appends the values of a UUID chunk to dst.
func (d *Decoder) UUIDs(dst [][16]byte, chunk []byte, rows int) ([][16]byte, error) {
	if rows < 0 || rows > len(chunk)*maxRowsPerByte/16 {
		return dst, fmt.Errorf("%w: %d rows in %d bytes", ErrCorrupt, rows, len(chunk))
	}
	have := len(dst)
	dst = grow(dst, rows)
	err := d.pages(chunk, rows, func(h *pageHeader, content []byte, from int) error {
		if h.kind != format.DataPage || h.encoding != format.Plain || len(content) != 16*int(h.values) {
			return fmt.Errorf("%w: UUIDs in encoding %v, %d in %d bytes", ErrCorrupt, h.encoding, h.values, len(content))
		}
		for i := range int(h.values) {
			copy(dst[have+from+i][:], content[16*i:])
		}
		return nil
	})
	return dst, err
}

// pages checks and unpacks the pages of a chunk, one after another; from is the
// row with which a data page begins. content is valid during the call.
func (d *Decoder) pages(chunk []byte, rows int, f func(h *pageHeader, content []byte, from int) error) error {
	from := 0
	for first := true; from < rows || first; first = false {
		h, n, err := parsePageHeader(chunk)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		chunk = chunk[n:]
		if h.kind != format.DataPage && (h.kind != format.DictionaryPage || !first) {
			return fmt.Errorf("%w: a page of type %d", ErrCorrupt, h.kind)
		}
		if int(h.compressed) > len(chunk) || h.uncompressed > MaxPageBytes {
			return fmt.Errorf("%w: a page of %d bytes (%d unpacked) in %d", ErrCorrupt, h.compressed, h.uncompressed, len(chunk))
		}
		packed := chunk[:h.compressed]
		chunk = chunk[h.compressed:]
		if h.hasCRC && crc32.ChecksumIEEE(packed) != uint32(h.crc) {
			return fmt.Errorf("%w: checksum of a page does not match", ErrCorrupt)
		}
		if h.kind == format.DataPage && int(h.values) > rows-from {
			return fmt.Errorf("%w: more than %d rows", ErrCorrupt, rows)
		}
		if err := d.unpack(&h, packed); err != nil {
			return err
		}
		if err := f(&h, d.page, from); err != nil {
			return err
		}
		if h.kind == format.DataPage {
			from += int(h.values)
		}
	}
	return nil
}

// unpack leaves the content of a page in d.page, with room behind it that the
// decoder of packed bits may read.
func (d *Decoder) unpack(h *pageHeader, packed []byte) error {
	if int64(h.uncompressed) > int64(len(packed)+16)*maxRowsPerByte {
		return fmt.Errorf("%w: %d bytes unpack to %d", ErrCorrupt, len(packed), h.uncompressed)
	}
	if need := int(h.uncompressed) + bitpack.PaddingInt64; cap(d.page) < need {
		d.page = make([]byte, 0, need+need/4)
	}
	out, err := d.zstd.DecodeAll(packed, d.page[:0])
	if err != nil {
		return fmt.Errorf("%w: unpack page: %w", ErrCorrupt, err)
	}
	if len(out) != int(h.uncompressed) {
		return fmt.Errorf("%w: a page has %d bytes, not %d", ErrCorrupt, len(out), h.uncompressed)
	}
	if cap(out) < len(out)+bitpack.PaddingInt64 {
		out = append(out, make([]byte, bitpack.PaddingInt64)...)[:len(out)]
	}
	d.page = out
	return nil
}

// decodeDelta fills dst from a DELTA_BINARY_PACKED page. src must have
// capacity for bitpack.PaddingInt64 bytes behind its end.
func decodeDelta[T int32 | int64](dst []T, src []byte) error {
	var head [3]uint64 // values per block, miniblocks per block, values
	for i := range head {
		v, n := binary.Uvarint(src)
		if n <= 0 {
			return errCutOff
		}
		head[i], src = v, src[n:]
	}
	first, n := binary.Varint(src)
	if n <= 0 {
		return errCutOff
	}
	src = src[n:]
	if head[2] != uint64(len(dst)) || head[1] == 0 || head[1] > 64 || head[0] > math.MaxUint16 || head[0]%(32*head[1]) != 0 || head[0] == 0 {
		return fmt.Errorf("%w: header of packed differences", ErrCorrupt)
	}
	if len(dst) == 0 {
		return nil
	}
	dst[0] = T(first)
	last, rest := T(first), dst[1:]
	minis, perMini := int(head[1]), int(head[0]/head[1])
	maxWidth := 64
	if _, ok := any(last).(int32); ok {
		maxWidth = 32
	}
	for len(rest) > 0 {
		minDelta, n := binary.Varint(src)
		if n <= 0 || len(src)-n < minis {
			return errCutOff
		}
		widths := src[n : n+minis]
		src = src[n+minis:]
		for _, w := range widths {
			if len(rest) == 0 {
				break
			}
			size := perMini * int(w) / 8
			if int(w) > maxWidth || size > len(src) {
				return errCutOff
			}
			mini := rest[:min(perMini, len(rest))]
			last = decodeMini(mini, src[:size], uint(w), T(minDelta), last)
			src, rest = src[size:], rest[len(mini):]
		}
	}
	return nil
}

// decodeMini unpacks one miniblock of differences and sums them up.
func decodeMini[T int32 | int64](dst []T, src []byte, width uint, minDelta, last T) T {
	if width == 0 {
		for i := range dst {
			last += minDelta
			dst[i] = last
		}
		return last
	}
	bitpack.Unpack(dst, src, width)
	for i, v := range dst {
		last += v + minDelta
		dst[i] = last
	}
	return last
}

// lookUp fills dst with the values of the dictionary that src refers to.
func lookUp[T int32 | int64](dst, dict []T, src []byte) error {
	return runs(len(dst), src, len(dict), func(at, n int, index uint32) {
		v := dict[index]
		for i := at; i < at+n; i++ {
			dst[i] = v
		}
	}, func(at int, indexes []uint32) bool {
		out := dst[at : at+len(indexes)]
		for i, x := range indexes {
			if int(x) >= len(dict) {
				return false
			}
			out[i] = dict[x]
		}
		return true
	})
}

// decodeIndexes fills dst with references to a dictionary of size entries.
func decodeIndexes(dst []uint32, src []byte, size int) error {
	return runs(len(dst), src, size, func(at, n int, index uint32) {
		for i := at; i < at+n; i++ {
			dst[i] = index
		}
	}, func(at int, indexes []uint32) bool {
		for i, x := range indexes {
			if int(x) >= size {
				return false
			}
			dst[at+i] = x
		}
		return true
	})
}

// runs decodes the hybrid of run lengths and packed bits that refers to a
// dictionary: a byte with the width, then runs. It calls repeat for equal
// ones, and packed for others, which reports whether they are in range.
func runs(rows int, src []byte, size int, repeat func(at, n int, index uint32), packed func(at int, indexes []uint32) bool) error {
	if len(src) == 0 || src[0] > 32 {
		return errReferences
	}
	width := int(src[0])
	src = src[1:]
	var chunk [512]uint32
	for at := 0; at < rows; {
		head, n := binary.Uvarint(src)
		if n <= 0 {
			return errReferences
		}
		src = src[n:]
		if head&1 == 0 {
			count := min(head>>1, uint64(rows-at))
			bytes := (width + 7) / 8
			if count == 0 || bytes > len(src) {
				return errReferences
			}
			var index uint32
			for i := range bytes {
				index |= uint32(src[i]) << (8 * i)
			}
			if int64(index) >= int64(size) {
				return errReferences
			}
			repeat(at, int(count), index)
			at, src = at+int(count), src[bytes:]
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(len(src)) && width > 0 || width == 0 {
			return errReferences
		}
		all := src[:min(int(groups)*width, len(src))]
		left := min(int(groups)*8, rows-at)
		src = src[len(all):]
		for left > 0 {
			part := chunk[:min(left, len(chunk))]
			need := (len(part)*width + 7) / 8
			if need > len(all) {
				return errReferences
			}
			bitpack.Unpack(asInt32(part), all[:need], uint(width))
			if !packed(at, part) {
				return errReferences
			}
			at, left, all = at+len(part), left-len(part), all[need:]
		}
	}
	return nil
}
