package pprof_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// refusal is a body, the kind of error it must give, and a part of its text.
type refusal struct {
	name string
	body []byte
	kind error
	text string
}

func requireRefused(t *testing.T, tests []refusal) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pprof.Decode(tt.body, pprof.DefaultLimits())
			require.ErrorIs(t, err, tt.kind)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

func withTable(parts ...[]byte) []byte { return append(slices.Concat(parts...), table()...) }

func TestDecodeRefusesBadSamplesAndStrings(t *testing.T) {
	requireRefused(t, []refusal{
		{"value count", body(sample(1, 1), sub(2, packed(1, 1), packed(2, 1, 2))), pprof.ErrInvalid, "sample 1: 2 values for 1 sample types"},
		{"no value", body(sub(2, packed(1, 1))), pprof.ErrInvalid, "sample 0: 0 values for 1 sample types"},
		{"no sample types", withTable(sample(1)), pprof.ErrInvalid, "1 samples without a sample type"},
		{"sample type with a hyphen", append(withTable(sub(1, num(1, sEnd))), str("a-b")...), pprof.ErrInvalid, `sample type "a-b" contains "-"`},
		{"too many sample types", withTable(slices.Repeat(sampleType(), 257)), pprof.ErrInvalid, "257 sample types"},
		{"no string table", sampleType(), pprof.ErrInvalid, "string table is empty"},
		{"first string", slices.Concat(str("x"), str("")), pprof.ErrInvalid, `string 0 is "x"`},
		{"UTF-8", append(table(), str("a\xff")...), pprof.ErrInvalid, "string 9 is not valid UTF-8"},

		{"string of a sample type", withTable(sub(1, num(1, sEnd))), pprof.ErrInvalid, "sample type is string 9 of 9"},
		{"negative string", withTable(sub(1, num(2, 1<<64-1))), pprof.ErrInvalid, "sample type is string -1 of 9"},
		{"string of the period type", withTable(sub(11, num(2, sEnd))), pprof.ErrInvalid, "period type is string 9 of 9"},
		{"string of the default sample type", withTable(num(14, sEnd)), pprof.ErrInvalid, "default sample type is string 9 of 9"},
		{"string of a mapping", withTable(sub(3, num(1, 1), num(5, sEnd))), pprof.ErrInvalid, "file name of a mapping is string"},
		{"build id of a mapping", withTable(sub(3, num(1, 1), num(6, sEnd))), pprof.ErrInvalid, "build id of a mapping is string"},
		{"name of a function", withTable(sub(5, num(1, 1), num(2, sEnd))), pprof.ErrInvalid, "name of a function is string"},
		{"system name of a function", withTable(sub(5, num(1, 1), num(3, sEnd))), pprof.ErrInvalid, "system name of a function is string"},
		{"file of a function", withTable(sub(5, num(1, 1), num(4, sEnd))), pprof.ErrInvalid, "file name of a function is string"},
		{"key of a label", body(sub(2, packed(2, 1), sub(3, num(1, sEnd)))), pprof.ErrInvalid, "key of a label is string"},
		{"value of a label", body(sub(2, packed(2, 1), sub(3, num(2, sEnd)))), pprof.ErrInvalid, "value of a label is string"},
		{"unit of a label", body(sub(2, packed(2, 1), sub(3, num(4, sEnd)))), pprof.ErrInvalid, "unit of a label is string"},
	})
}

func TestDecodeRefusesBadIDs(t *testing.T) {
	requireRefused(t, []refusal{
		{"mapping 0", withTable(mapping(0)), pprof.ErrInvalid, "mapping 0: id 0"},
		{"function 0", withTable(function(0, 1)), pprof.ErrInvalid, "function 0: id 0"},
		{"location 0", withTable(sub(4, num(3, 7))), pprof.ErrInvalid, "location 0: id 0"},
		{"mapping twice", withTable(mapping(1), mapping(1)), pprof.ErrInvalid, "mapping 1: id 1"},
		{"function twice", withTable(function(1, 1), function(7, 1), function(7, 1)), pprof.ErrInvalid, "function 2: id 7"},
		{"location twice", withTable(sub(4, num(1, 2)), sub(4, num(1, 1)), sub(4, num(1, 2))), pprof.ErrInvalid, "location 2: id 2"},
		{"missing location", body(sample(1, 3)), pprof.ErrInvalid, "sample 0: no location with id 3"},
		{"missing unpacked location", body(sub(2, num(1, 3), num(2, 1))), pprof.ErrInvalid, "sample 0: no location with id 3"},
		{"location id 0", body(sample(1, 0)), pprof.ErrInvalid, "sample 0: no location with id 0"},
		{"huge location", body(sample(1, 1<<32+1)), pprof.ErrInvalid, "sample 0: no location with id 4294967297"},
		{"missing function", withTable(location(1, 0, 1)), pprof.ErrInvalid, "location 0: no function with id 1"},
		{"missing mapping", withTable(function(1, 1), location(1, 1, 1)), pprof.ErrInvalid, "location 0: no mapping with id 1"},
	})
}

func TestDecodeRefusesWhatIsNoPprof(t *testing.T) {
	requireRefused(t, []refusal{
		{"empty", nil, pprof.ErrMalformed, "empty body"},
		{"empty within gzip", gzipped(t, nil), pprof.ErrMalformed, "empty body within gzip"},
		{"text", []byte("heap profile: 1: 2 [3: 4] @ heap/1048576\n"), pprof.ErrMalformed, "read profile: "},
		{"gzip header only", []byte{0x1f, 0x8b}, pprof.ErrMalformed, "read gzip header: unexpected EOF"},
		{"truncated gzip", gzipped(t, body())[:60], pprof.ErrMalformed, "unpack gzip: unexpected EOF"},
		{"trailing garbage", append(gzipped(t, body()), "garbage, and some more"...), pprof.ErrMalformed, "unpack gzip: "},
		{"wrong checksum", flipped(gzipped(t, body())), pprof.ErrMalformed, "unpack gzip: "},
		{"group", []byte{1<<3 | 3}, pprof.ErrMalformed, "unknown wire type 3"},
		{"field 0", []byte{0, 0}, pprof.ErrMalformed, "field number 0"},
		{"number of 65 bits", withTable(append([]byte{9 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02)), pprof.ErrMalformed, "number of more than 64 bits"},
		{"number of eleven bytes", withTable(append([]byte{9 << 3}, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)), pprof.ErrMalformed, "number of more than 64 bits"},
		{"packed stack cut short", body(sub(2, raw(1, []byte{1, 0x80}), packed(2, 1))), pprof.ErrMalformed, "read sample 0: message ends in the middle"},
		{"packed values cut short", body(sub(2, packed(1, 1), raw(2, []byte{0x80}))), pprof.ErrMalformed, "read sample 0: message ends in the middle"},
		{"samples as numbers", withTable(num(2, 1)), pprof.ErrMalformed, "field 2 has the wrong wire type 0"},
		{"time as bytes", withTable(raw(9, nil)), pprof.ErrMalformed, "field 9 has the wrong wire type 2"},
		{"id of a mapping as bytes", withTable(sub(3, raw(1, nil))), pprof.ErrMalformed, "read mapping 0: "},
		{"name of a function as bytes", withTable(sub(5, raw(2, nil))), pprof.ErrMalformed, "read function 0: "},
		{"lines as numbers", withTable(sub(4, num(4, 1))), pprof.ErrMalformed, "read location 0: "},
		{"line cut short", withTable(sub(4, raw(4, []byte{8}))), pprof.ErrMalformed, "read line of location 0: message ends in the middle"},
		{"label cut short", body(sub(2, raw(3, []byte{8, 0x80}))), pprof.ErrMalformed, "read label of sample 0: message ends in the middle"},
		{"sample type cut short", withTable(raw(1, []byte{8})), pprof.ErrMalformed, "read sample type: "},
		{"stack as fixed width", body(sub(2, append([]byte{1<<3 | 1}, make([]byte, 8)...))), pprof.ErrMalformed, "read sample 0: "},
	})
}

func flipped(gz []byte) []byte {
	gz[len(gz)-6] ^= 1
	return gz
}
