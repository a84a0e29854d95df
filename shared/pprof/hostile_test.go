package pprof_test

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// allocated is the number of bytes that f allocates. What other goroutines
// allocate counts, too; the tests of this package have none.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostile are bodies that announce more than they hold, or hold as much as
// they can of what is cheap to write.
func hostile(t testing.TB) map[string][]byte {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	endless := bytes.Repeat([]byte{0xff}, 90)
	return map[string][]byte{
		"huge length of a sample":       append([]byte{2<<3 | 2}, huge...),
		"huge length of a string":       append([]byte{6<<3 | 2}, huge...),
		"length of 64 bits":             append([]byte{6<<3 | 2}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		"endless varint as tag":         endless,
		"endless varint as length":      append([]byte{2<<3 | 2}, endless...),
		"endless varint as number":      append([]byte{9 << 3}, endless...),
		"varint of 65 bits":             append([]byte{9 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02),
		"huge length within a sample":   body(raw(2, append([]byte{1<<3 | 2}, huge...))),
		"packed garbage as stack":       body(sub(2, raw(1, endless), packed(2, 1))),
		"packed garbage as values":      body(sub(2, packed(1, 1), raw(2, endless))),
		"packed list cut in a number":   body(sub(2, raw(1, []byte{1, 2, 0x80}), packed(2, 1))),
		"empty mappings":                append(bytes.Repeat([]byte{3<<3 | 2, 0}, 40), table()...),
		"empty functions":               append(bytes.Repeat([]byte{5<<3 | 2, 0}, 40), table()...),
		"empty locations":               append(bytes.Repeat([]byte{4<<3 | 2, 0}, 40), table()...),
		"empty samples":                 append(bytes.Repeat([]byte{2<<3 | 2, 0}, 40), table()...),
		"many types, many samples":      slices.Concat(bytes.Repeat([]byte{1<<3 | 2, 0}, 40), bytes.Repeat([]byte{2<<3 | 2, 0}, 40), table()),
		"a gzip bomb":                   gzipped(t, bytes.Repeat([]byte{6<<3 | 2, 0}, 8<<20)),
		"a gzip bomb of one string":     gzipped(t, raw(6, make([]byte, 16<<20))),
		"a gzip bomb behind a good one": append(gzipped(t, body()), gzipped(t, make([]byte, 16<<20))...),
	}
}

func TestHostileBodies(t *testing.T) {
	for name, data := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			limits := pprof.DefaultLimits()
			var err error
			n := allocated(func() { _, err = pprof.Decode(data, limits) })
			require.Error(t, err)
			require.True(t, isTyped(err), "%v", err)
			most := uint64(1 << 20)
			if len(data) > 1000 { // the bombs: the limit, and the steps to it
				require.ErrorIs(t, err, pprof.ErrTooLarge)
				most += 2 * uint64(limits.MaxBytes)
			}
			require.Less(t, n, most)
		})
	}
}

// The worst bodies within the limits cost a small multiple of their size.
func TestDensestBodies(t *testing.T) {
	const size = 1 << 20
	fill := func(unit []byte) []byte { return bytes.Repeat(unit, size/len(unit)) }
	entity := func(field int) []byte {
		var out []byte
		for id := uint64(1 << 40); len(out) < size; id-- { // sparse
			out = append(out, sub(field, num(1, id))...)
		}
		return out
	}
	for name, data := range map[string][]byte{
		"strings":   append(str(""), fill(str(""))...),
		"mappings":  append(entity(3), table()...),
		"locations": append(entity(4), table()...),
		"functions": append(entity(5), table()...),
		"lines":     append(table(), sub(4, num(1, 1), fill(sub(4)))...),
		"stack":     body(sub(2, raw(1, fill([]byte{1})), packed(2, 1))),
		"values":    body(sub(2, raw(2, fill([]byte{1})))),
		"labels":    body(sub(2, packed(2, 1), fill(sub(3)))),
		"samples":   body(fill(sample(1))),
	} {
		t.Run(name, func(t *testing.T) {
			n := allocated(func() {
				_, err := pprof.Decode(data, pprof.Limits{})
				require.True(t, err == nil || isTyped(err))
			})
			require.Less(t, n, uint64(40*len(data)))
		})
	}
}
