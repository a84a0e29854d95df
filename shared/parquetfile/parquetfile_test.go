package parquetfile_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
)

var schema = parquetfile.Schema{
	{Name: "i32", Kind: parquetfile.Int32},
	{Name: "i64", Kind: parquetfile.Int64},
	{Name: "time", Kind: parquetfile.Timestamp},
	{Name: "name", Kind: parquetfile.String},
	{Name: "id", Kind: parquetfile.UUID},
}

// shapes are kinds of numbers for which other encodings are the shortest.
var shapes = map[string]func(r *rand.Rand, i int) int64{
	"constant": func(*rand.Rand, int) int64 { return 7 },
	"zero":     func(*rand.Rand, int) int64 { return 0 },
	"rising":   func(_ *rand.Rand, i int) int64 { return int64(i) * 3 },
	"few":      func(r *rand.Rand, _ int) int64 { return []int64{10_000_000, 20_000_000, -5}[r.IntN(3)] },
	"runs":     func(_ *rand.Rand, i int) int64 { return int64(i / 100 % 5) },
	"random":   func(r *rand.Rand, _ int) int64 { return int64(r.Uint64()) },
	"extremes": func(r *rand.Rand, _ int) int64 { return []int64{math.MinInt64, math.MaxInt64, 0}[r.IntN(3)] },
}

func table(r *rand.Rand, rows int, shape func(*rand.Rand, int) int64) []parquetfile.Data {
	d := make([]parquetfile.Data, len(schema))
	d[3].Table = []string{"", "main.main", "unused", "runtime.mallocgc", "ünïcode"}
	for i := range rows {
		v := shape(r, i)
		d[0].Int32 = append(d[0].Int32, int32(v))
		d[1].Int64 = append(d[1].Int64, v)
		d[2].Int64 = append(d[2].Int64, 1_700_000_000_000_000_000+v/1000)
		d[3].IDs = append(d[3].IDs, []uint32{0, 1, 3, 4}[uint64(v)%4])
		var id [16]byte
		id[0], id[15] = byte(i), byte(i>>8)
		d[4].UUID = append(d[4].UUID, id)
	}
	return d
}

func coders(t testing.TB) (*zstd.Encoder, *zstd.Decoder) {
	enc, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(parquetfile.MaxPageBytes))
	require.NoError(t, err)
	t.Cleanup(dec.Close)
	return enc, dec
}

func eachShape(t *testing.T, f func(t *testing.T, small bool, groups [][]parquetfile.Data)) {
	for name, shape := range shapes {
		for _, rows := range []int{1, 2, 7, 129, 5000, parquetfile.MaxPageRows + 17} {
			for _, small := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/%v", name, rows, small), func(t *testing.T) {
					r := rand.New(rand.NewPCG(1, uint64(rows)))
					f(t, small, [][]parquetfile.Data{table(r, rows, shape), table(r, 3, shape)})
				})
			}
		}
	}
}

func write(t testing.TB, enc *zstd.Encoder, small bool, groups [][]parquetfile.Data) (file []byte, chunks [][][]byte) {
	w := parquetfile.NewEncoder(schema, enc, small)
	var encoded []*parquetfile.RowGroup
	for _, g := range groups {
		e, err := w.RowGroup(g...)
		require.NoError(t, err)
		encoded = append(encoded, e)
	}
	out, offsets, err := parquetfile.AppendFile([]byte("before"), schema, encoded, map[string]string{"b": "2", "a": "1"})
	require.NoError(t, err)
	require.Equal(t, "before", string(out[:6]))
	file = out[6:]
	for i := range groups {
		at := int(offsets[i])
		var cs [][]byte
		for _, n := range encoded[i].Lengths {
			cs = append(cs, file[at:at+n])
			at += n
		}
		chunks = append(chunks, cs)
	}
	return file, chunks
}

func TestChunksReadBack(t *testing.T) {
	enc, dec := coders(t)
	eachShape(t, func(t *testing.T, small bool, groups [][]parquetfile.Data) {
		_, chunks := write(t, enc, small, groups)
		d := parquetfile.NewDecoder(dec)
		for i, g := range groups {
			rows := len(g[0].Int32)
			i32, err := d.Int32([]int32{42}, chunks[i][0], rows)
			require.NoError(t, err)
			require.Equal(t, append([]int32{42}, g[0].Int32...), i32)
			for c := 1; c <= 2; c++ {
				i64, err := d.Int64(nil, chunks[i][c], rows)
				require.NoError(t, err)
				require.Equal(t, g[c].Int64, i64)
			}
			dict, ids, err := d.Strings(nil, chunks[i][3], rows)
			require.NoError(t, err)
			require.NotContains(t, dict, "unused")
			for row, id := range ids {
				require.Equal(t, g[3].Table[g[3].IDs[row]], dict[id])
			}
			uuids, err := d.UUIDs(nil, chunks[i][4], rows)
			require.NoError(t, err)
			require.Equal(t, g[4].UUID, uuids)
		}
	})
}

// TestParquetGoReadsFiles holds the files against an independent reader.
func TestParquetGoReadsFiles(t *testing.T) {
	type row struct {
		I32  int32    `parquet:"i32"`
		I64  int64    `parquet:"i64"`
		Time int64    `parquet:"time"`
		Name string   `parquet:"name"`
		ID   [16]byte `parquet:"id"`
	}
	enc, _ := coders(t)
	eachShape(t, func(t *testing.T, small bool, groups [][]parquetfile.Data) {
		file, _ := write(t, enc, small, groups)
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		require.Len(t, f.RowGroups(), len(groups))
		a, ok := f.Lookup("a")
		require.True(t, ok)
		require.Equal(t, "1", a)
		r := parquet.NewGenericReader[row](f)
		for _, g := range groups {
			for i := range g[0].Int32 {
				var got [1]row
				if _, err := r.Read(got[:]); err != nil && err != io.EOF {
					require.NoError(t, err)
				}
				want := row{g[0].Int32[i], g[1].Int64[i], g[2].Int64[i], g[3].Table[g[3].IDs[i]], g[4].UUID[i]}
				if want != got[0] {
					require.Equal(t, want, got[0], "row %d", i)
				}
			}
		}
	})
}

func TestFlippedBitsAreNoticed(t *testing.T) {
	enc, dec := coders(t)
	r := rand.New(rand.NewPCG(3, 3))
	g := table(r, 300, shapes["few"])
	_, chunks := write(t, enc, false, [][]parquetfile.Data{g})
	d := parquetfile.NewDecoder(dec)
	for c, chunk := range chunks[0] {
		for bit := range len(chunk) * 8 {
			bad := bytes.Clone(chunk)
			bad[bit/8] ^= 1 << (bit % 8)
			got, err := decodeAny(d, schema[c].Kind, bad, 300)
			if err == nil { // a bit of the header that has no meaning for us
				want, _ := decodeAny(d, schema[c].Kind, chunk, 300)
				require.Equal(t, want, got, "column %d bit %d", c, bit)
			}
		}
	}
}

func decodeAny(d *parquetfile.Decoder, k parquetfile.Kind, chunk []byte, rows int) (any, error) {
	switch k {
	case parquetfile.Int32:
		return d.Int32(nil, chunk, rows)
	case parquetfile.String:
		dict, ids, err := d.Strings(nil, chunk, rows)
		if err != nil {
			return nil, err
		}
		var out []string
		for _, id := range ids {
			out = append(out, dict[id])
		}
		return out, nil
	case parquetfile.UUID:
		return d.UUIDs(nil, chunk, rows)
	default:
		return d.Int64(nil, chunk, rows)
	}
}

func TestRowGroupRefusesUnevenColumns(t *testing.T) {
	enc, _ := coders(t)
	w := parquetfile.NewEncoder(schema, enc, false)
	g := table(rand.New(rand.NewPCG(1, 1)), 5, shapes["few"])
	_, err := w.RowGroup(g[:3]...)
	require.Error(t, err)
	g[1].Int64 = g[1].Int64[:4]
	_, err = w.RowGroup(g...)
	require.ErrorContains(t, err, "i64 has 4 rows, not 5")
	_, err = w.RowGroup(make([]parquetfile.Data, len(schema))...)
	require.ErrorContains(t, err, "no rows")
}

// FuzzDecode must neither panic nor take unbounded memory. A page without a
// checksum is read as well, so the fuzzer gets past it by dropping that field.
func FuzzDecode(f *testing.F) {
	enc, dec := coders(f)
	for _, shape := range shapes {
		_, chunks := write(f, enc, true, [][]parquetfile.Data{table(rand.New(rand.NewPCG(1, 1)), 200, shape)})
		for c, chunk := range chunks[0] {
			f.Add(chunk, uint8(c), uint16(200))
		}
	}
	f.Fuzz(func(t *testing.T, chunk []byte, kind uint8, rows uint16) {
		d := parquetfile.NewDecoder(dec)
		_, _ = decodeAny(d, parquetfile.Kind(kind%5), chunk, int(rows))
	})
}

func BenchmarkInt64(b *testing.B) {
	enc, dec := coders(b)
	for name, shape := range shapes {
		g := table(rand.New(rand.NewPCG(1, 1)), parquetfile.MaxPageRows, shape)
		_, chunks := write(b, enc, true, [][]parquetfile.Data{g})
		b.Run(name, func(b *testing.B) {
			d := parquetfile.NewDecoder(dec)
			var dst []int64
			var err error
			for b.Loop() {
				if dst, err = d.Int64(dst[:0], chunks[0][1], parquetfile.MaxPageRows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/parquetfile.MaxPageRows, "ns/value")
			b.ReportMetric(float64(len(chunks[0][1]))/parquetfile.MaxPageRows, "B/value")
		})
	}
}
