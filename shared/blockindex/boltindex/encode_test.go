package boltindex

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

const (
	someID  = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	otherID = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
)

// TestEncode pins the bytes: files outlive the program that wrote them.
func TestEncode(t *testing.T) {
	for name, tt := range map[string]struct {
		row  blockindex.Row
		want string
	}{
		"bare": {blockindex.Row{}, "01 00 00 00 00"},
		"all": {
			blockindex.Row{Level: 3, MaxTime: 300, CommittedAt: -2, Sources: []string{otherID, strings.ToLower(otherID), "x", ""}, Detail: []byte("d")},
			"01 03 ac02 03 04" +
				"00 015f4bffcd735334ada78edc1d4a6f1f" +
				"1b 30316278357a7a6b626b61637461763977657667656d6d76727a" +
				"02 78" +
				"01" +
				"64",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.row.Tenant, tt.row.ID = "t", someID
			got := encode(nil, &tt.row)
			require.Equal(t, strings.ReplaceAll(tt.want, " ", ""), hex.EncodeToString(got))
			back, err := decode("t", 0, someID, got)
			require.NoError(t, err)
			require.Equal(t, tt.row, back)
		})
	}
}

func TestDecodeOfHostileBytesNamesTheRow(t *testing.T) {
	good := encode(nil, &blockindex.Row{Level: 1, MaxTime: 1 << 40, CommittedAt: 5, Sources: []string{otherID, "x"}})
	for n := range good {
		_, err := decode("t", 0, someID, good[:n])
		require.ErrorContains(t, err, someID, "the first %d bytes", n)
	}
	for name, tt := range map[string]struct{ hex, want string }{
		"version":               {"0200000000", "version 2"},
		"level":                 {"010a000000", "level 10"},
		"span":                  {"0100ffffffffffffff7f0000", "span"},
		"span beyond 64 bits":   {"0100ffffffffffffffffffff010000", "too large"},
		"commit beyond 64 bits": {"010000ffffffffffffffffffff0100", "too large"},
		"many sources":          {"01000000e907", "number of sources"},
		"huge source":           {"0100000001ffffffff0f", "length of a source"},
		"itself":                {"010000000100" + "01563e3ab5d3d6764c61efb99302bd5b", "itself"},
	} {
		raw, err := hex.DecodeString(tt.hex)
		require.NoError(t, err)
		_, err = decode("some-tenant", 0, someID, raw)
		require.ErrorContains(t, err, tt.want, name)
		require.ErrorContains(t, err, someID)
		require.ErrorContains(t, err, "some-tenant")
	}
	_, err := decode("t", math.MaxInt64, someID, good)
	require.ErrorIs(t, err, blockindex.ErrBadRow, "the end is beyond 64 bits")
	_, err = decode("t", -1, someID, good)
	require.ErrorIs(t, err, blockindex.ErrBadRow)
}

func FuzzDecode(f *testing.F) {
	f.Add(int64(0), someID, encode(nil, &blockindex.Row{}))
	f.Add(int64(5), otherID, encode(nil, &blockindex.Row{
		Level: 9, MaxTime: 1 << 40, CommittedAt: math.MinInt64, Sources: []string{someID, "", "x"}, Detail: []byte("detail"),
	}))
	f.Fuzz(func(t *testing.T, minTime int64, id string, value []byte) {
		r, err := decode("t", minTime, id, value)
		if err != nil {
			require.ErrorContains(t, err, "decode row")
			return
		}
		require.NoError(t, r.Validate())
		require.Equal(t, r.MaxTime < 1000, endsBefore(1000, minTime, value))
		again, err := decode("t", minTime, id, encode(nil, &r))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
