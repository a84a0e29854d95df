package parquetfile

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// magic stands at both ends of a Parquet file.
const magic = "PAR1"

// createdBy names the writer in the footer.
const createdBy = "pyrocumulus"

// MaxPageRows is the most rows of one data page. Pages are what is decoded at
// once: 64 Ki rows of 8 bytes fit the second-level cache of the processors
// that Lambda has.
const MaxPageRows = 64 << 10

// Data are the values of a column in a row group; the field that the column's
// kind asks for is set.
type Data struct {
	Int32 []int32
	Int64 []int64 // of Int64 and Timestamp
	// IDs are positions in Table, one for each row of a String column. Only
	// strings that are referred to are written.
	IDs   []uint32
	Table []string
	UUID  [][16]byte
}

func (d *Data) rows(k Kind) int {
	switch k {
	case Int32:
		return len(d.Int32)
	case String:
		return len(d.IDs)
	case UUID:
		return len(d.UUID)
	default:
		return len(d.Int64)
	}
}

// Encoder encodes the row groups of files that have one schema. It keeps its
// buffers between them, and is not safe for concurrent use.
type Encoder struct {
	schema Schema
	enc    encoder
}

// NewEncoder returns an encoder that compresses with enc, and with small set
// tries both encodings of integers on every chunk and keeps the smaller.
func NewEncoder(schema Schema, enc *zstd.Encoder, small bool) *Encoder {
	return &Encoder{schema: schema, enc: encoder{zstd: enc, small: small}}
}

// RowGroup is an encoded row group, which can be put anywhere in a file.
type RowGroup struct {
	// Lengths are those of the column chunks, in bytes; they follow one
	// another without a gap.
	Lengths []int
	body    []byte
	meta    format.RowGroup // as if the row group began at 0
}

// Size is how many bytes the column chunks have.
func (g *RowGroup) Size() int { return len(g.body) }

// RowGroup encodes a row group of all columns, which must have equally many
// rows, at least one.
func (w *Encoder) RowGroup(columns ...Data) (*RowGroup, error) {
	if len(columns) != len(w.schema) {
		return nil, fmt.Errorf("write row group: %d columns, the schema has %d", len(columns), len(w.schema))
	}
	rows := columns[0].rows(w.schema[0].Kind)
	if rows == 0 {
		return nil, fmt.Errorf("write row group: no rows")
	}
	g := &RowGroup{meta: format.RowGroup{Columns: make([]format.ColumnChunk, len(columns)), NumRows: int64(rows)}}
	w.enc.buf = w.enc.buf[:0]
	for i := range columns {
		c := w.schema[i]
		if n := columns[i].rows(c.Kind); n != rows {
			return nil, fmt.Errorf("write row group: column %s has %d rows, not %d", c.Name, n, rows)
		}
		before := len(w.enc.buf)
		meta, err := w.chunk(c, &columns[i])
		if err != nil {
			return nil, fmt.Errorf("write column %s: %w", c.Name, err)
		}
		g.meta.Columns[i].MetaData = meta
		g.meta.TotalByteSize += meta.TotalUncompressedSize
		g.meta.TotalCompressedSize += meta.TotalCompressedSize
		g.Lengths = append(g.Lengths, len(w.enc.buf)-before)
	}
	g.body = slices.Clone(w.enc.buf)
	return g, nil
}

// chunk appends a column chunk to the encoder's buffer.
func (w *Encoder) chunk(c Column, d *Data) (format.ColumnMetaData, error) {
	e := &w.enc
	start := int64(len(e.buf))
	e.begin(e.buf)
	var err error
	switch c.Kind {
	case Int32:
		err = encodeInts(e, d.Int32)
	case String:
		err = e.strings(d.Table, d.IDs)
	case UUID:
		err = e.uuids(d.UUID)
	default:
		err = encodeInts(e, d.Int64)
	}
	if err != nil {
		return format.ColumnMetaData{}, err
	}
	meta := format.ColumnMetaData{
		Type: c.Kind.physical(), Codec: format.Zstd, PathInSchema: []string{c.Name},
		Encoding:              []format.Encoding{e.encoding},
		NumValues:             int64(d.rows(c.Kind)),
		TotalCompressedSize:   int64(len(e.buf)) - start,
		TotalUncompressedSize: e.uncompressed,
		DataPageOffset:        e.dataPage,
	}
	if e.encoding == format.RLEDictionary {
		meta.DictionaryPageOffset = start
		meta.Encoding = []format.Encoding{format.Plain, format.RLEDictionary}
	}
	return meta, nil
}

// AppendFile appends a file of these row groups, with meta as the key-value
// metadata of its footer, to dst. It returns where each row group begins, in
// bytes from the file's start. The row groups are used up: their bytes are let
// go as they are copied.
func AppendFile(dst []byte, schema Schema, groups []*RowGroup, meta map[string]string) (out []byte, offsets []int64, err error) {
	start := len(dst)
	dst = append(dst, magic...)
	footer := format.FileMetaData{Version: 2, Schema: schema.elements(), CreatedBy: createdBy}
	for i, g := range groups {
		at := int64(len(dst) - start)
		offsets = append(offsets, at)
		dst = append(dst, g.body...)
		g.body = nil
		g.meta.FileOffset, g.meta.Ordinal = at, int16(i)
		for c := range g.meta.Columns {
			m := &g.meta.Columns[c].MetaData
			m.DataPageOffset += at
			if m.Encoding[len(m.Encoding)-1] == format.RLEDictionary {
				m.DictionaryPageOffset += at
			}
		}
		footer.NumRows += g.meta.NumRows
		footer.RowGroups = append(footer.RowGroups, g.meta)
	}
	for k, v := range meta {
		footer.KeyValueMetadata = append(footer.KeyValueMetadata, format.KeyValue{Key: k, Value: v})
	}
	slices.SortFunc(footer.KeyValueMetadata, func(a, b format.KeyValue) int { return compareStrings(a.Key, b.Key) })
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &footer)
	if err != nil {
		return nil, nil, fmt.Errorf("encode parquet footer: %w", err)
	}
	dst = append(dst, b...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, magic...), offsets, nil
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// page appends a page with its header to the file.
func (e *encoder) page(kind format.PageType, encoding format.Encoding, values int, content []byte) {
	e.packed = e.zstd.EncodeAll(content, e.packed[:0])
	e.write(kind, encoding, values, len(content), e.packed)
}

func (e *encoder) write(kind format.PageType, encoding format.Encoding, values, uncompressed int, packed []byte) {
	if kind == format.DataPage && e.dataPage < 0 {
		e.dataPage = int64(len(e.buf))
	}
	h := pageHeader{
		kind: kind, encoding: encoding, values: int32(values), uncompressed: int32(uncompressed),
		compressed: int32(len(packed)), crc: int32(crc32.ChecksumIEEE(packed)),
	}
	before := len(e.buf)
	e.buf = h.append(e.buf)
	e.uncompressed += int64(len(e.buf)-before) + int64(uncompressed)
	e.buf = append(e.buf, packed...)
}
