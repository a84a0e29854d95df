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

// Writer writes a file into memory, a row group at a time.
type Writer struct {
	schema  Schema
	groups  []format.RowGroup
	buf     []byte
	rows    int64
	enc     encoder
	lengths []int
}

// NewWriter returns a writer that appends a file to dst. It compresses with
// enc, and with small set tries both encodings of integers on every chunk and
// keeps the smaller.
func NewWriter(dst []byte, schema Schema, enc *zstd.Encoder, small bool) *Writer {
	w := &Writer{schema: schema, buf: append(dst, magic...), enc: encoder{zstd: enc, small: small}}
	w.enc.start = len(dst)
	return w
}

// Offset is where the next row group begins, in bytes from the file's start.
func (w *Writer) Offset() int64 { return int64(len(w.buf) - w.enc.start) }

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// RowGroup writes a row group of all columns, which must have equally many
// rows, at least one. The chunks follow one another without a gap; the result
// has their lengths in bytes and is valid until the next call.
func (w *Writer) RowGroup(columns ...Data) ([]int, error) {
	if len(columns) != len(w.schema) {
		return nil, fmt.Errorf("write row group: %d columns, the schema has %d", len(columns), len(w.schema))
	}
	rows := columns[0].rows(w.schema[0].Kind)
	if rows == 0 {
		return nil, fmt.Errorf("write row group: no rows")
	}
	group := format.RowGroup{
		Columns: make([]format.ColumnChunk, len(columns)), NumRows: int64(rows),
		FileOffset: w.Offset(), Ordinal: int16(len(w.groups)),
	}
	w.lengths = w.lengths[:0]
	for i := range columns {
		c := w.schema[i]
		if n := columns[i].rows(c.Kind); n != rows {
			return nil, fmt.Errorf("write row group: column %s has %d rows, not %d", c.Name, n, rows)
		}
		before := len(w.buf)
		meta, err := w.chunk(c, &columns[i])
		if err != nil {
			return nil, fmt.Errorf("write column %s: %w", c.Name, err)
		}
		group.Columns[i].MetaData = meta
		group.TotalByteSize += meta.TotalUncompressedSize
		group.TotalCompressedSize += meta.TotalCompressedSize
		w.lengths = append(w.lengths, len(w.buf)-before)
	}
	w.groups = append(w.groups, group)
	w.rows += int64(rows)
	return w.lengths, nil
}

func (w *Writer) chunk(c Column, d *Data) (format.ColumnMetaData, error) {
	e := &w.enc
	e.begin(w.buf)
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
	start := int64(len(w.buf) - e.start)
	w.buf = e.buf
	meta := format.ColumnMetaData{
		Type: c.Kind.physical(), Codec: format.Zstd, PathInSchema: []string{c.Name},
		Encoding:              []format.Encoding{e.encoding},
		NumValues:             int64(d.rows(c.Kind)),
		TotalCompressedSize:   int64(len(w.buf)-e.start) - start,
		TotalUncompressedSize: e.uncompressed,
		DataPageOffset:        e.dataPage,
	}
	if e.encoding == format.RLEDictionary {
		meta.DictionaryPageOffset = start
		meta.Encoding = []format.Encoding{format.Plain, format.RLEDictionary}
	}
	return meta, nil
}

// Close writes the footer, with meta as its key-value metadata, and returns
// dst with the file appended.
func (w *Writer) Close(meta map[string]string) ([]byte, error) {
	footer := format.FileMetaData{
		Version: 2, Schema: w.schema.elements(), NumRows: w.rows, RowGroups: w.groups, CreatedBy: createdBy,
	}
	for k, v := range meta {
		footer.KeyValueMetadata = append(footer.KeyValueMetadata, format.KeyValue{Key: k, Value: v})
	}
	slices.SortFunc(footer.KeyValueMetadata, func(a, b format.KeyValue) int { return compareStrings(a.Key, b.Key) })
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &footer)
	if err != nil {
		return nil, fmt.Errorf("encode parquet footer: %w", err)
	}
	w.buf = append(w.buf, b...)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(b)))
	return append(w.buf, magic...), nil
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
		e.dataPage = int64(len(e.buf) - e.start)
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
