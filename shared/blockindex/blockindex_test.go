package blockindex_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func id(n int) string { return ulid.ULID{14: byte(n >> 8), 15: byte(n)}.String() }

func ids(from, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = id(from + i)
	}
	return out
}

func TestValidate(t *testing.T) {
	const span = int64(blockindex.MaxSpan)
	for name, tt := range map[string]struct {
		change func(*blockindex.Row)
		want   string // of the error; none if empty
	}{
		"plain":              {func(*blockindex.Row) {}, ""},
		"lower case id":      {func(r *blockindex.Row) { r.ID = strings.ToLower(r.ID) }, ""},
		"level 9":            {func(r *blockindex.Row) { r.Level = 9 }, ""},
		"level 10":           {func(r *blockindex.Row) { r.Level = 10 }, "level 10"},
		"level -1":           {func(r *blockindex.Row) { r.Level = -1 }, "level -1"},
		"no tenant":          {func(r *blockindex.Row) { r.Tenant = "" }, "no org id"},
		"bad tenant":         {func(r *blockindex.Row) { r.Tenant = "a/b" }, "tenant ID is invalid"},
		"no id":              {func(r *blockindex.Row) { r.ID = "" }, `id ""`},
		"long id":            {func(r *blockindex.Row) { r.ID += "0" }, "id "},
		"id with a bad char": {func(r *blockindex.Row) { r.ID = r.ID[:25] + "U" }, "id "},
		"id beyond 128 bits": {func(r *blockindex.Row) { r.ID = "8" + r.ID[1:] }, "id "},
		"instant":            {func(r *blockindex.Row) { r.MinTime, r.MaxTime = 0, 0 }, ""},
		"end of time":        {func(r *blockindex.Row) { r.MinTime, r.MaxTime = math.MaxInt64, math.MaxInt64 }, ""},
		"before 1970":        {func(r *blockindex.Row) { r.MinTime = -1 }, "time from -1"},
		"ends before begin":  {func(r *blockindex.Row) { r.MinTime, r.MaxTime = 5, 4 }, "time from 5 to 4"},
		"longest span":       {func(r *blockindex.Row) { r.MinTime, r.MaxTime = 7, 7+span }, ""},
		"too long a span":    {func(r *blockindex.Row) { r.MinTime, r.MaxTime = 7, 8+span }, "spans"},
		"all of time":        {func(r *blockindex.Row) { r.MinTime, r.MaxTime = 0, math.MaxInt64 }, "spans"},
		"most sources":       {func(r *blockindex.Row) { r.Sources = ids(100, blockindex.MaxSources) }, ""},
		"too many sources":   {func(r *blockindex.Row) { r.Sources = ids(100, blockindex.MaxSources+1) }, "91 sources"},
		"a source twice":     {func(r *blockindex.Row) { r.Sources = []string{id(5), id(6), id(5)} }, "twice"},
		"itself":             {func(r *blockindex.Row) { r.Sources = []string{id(5), r.ID} }, "itself"},
		"largest":            {func(r *blockindex.Row) { r.Detail = make([]byte, blockindex.MaxRowBytes-64-26-1) }, ""},
		"too large":          {func(r *blockindex.Row) { r.Detail = make([]byte, blockindex.MaxRowBytes-64-26) }, "bytes, more than"},
		"too large by sources": {func(r *blockindex.Row) {
			r.Detail, r.Sources = make([]byte, blockindex.MaxRowBytes-64-26-26), ids(7, 1)
		}, "bytes, more than"},
	} {
		t.Run(name, func(t *testing.T) {
			r := blockindex.Row{Tenant: "t", ID: id(1), MinTime: 100, MaxTime: 200}
			tt.change(&r)
			err := r.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, blockindex.ErrBadRow)
			require.ErrorContains(t, err, tt.want)
		})
	}
	r := blockindex.Row{Tenant: "a/b", ID: id(1)}
	require.ErrorIs(t, r.Validate(), profile.ErrBadTenant)
}

func TestWithoutReplaced(t *testing.T) {
	require.Empty(t, blockindex.WithoutReplaced(nil))
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		rows := make([]blockindex.Row, rnd.IntN(12))
		for i := range rows {
			rows[i] = blockindex.Row{ID: id(i), MinTime: rnd.Int64N(4)}
			for range rnd.IntN(3) {
				rows[i].Sources = append(rows[i].Sources, id(20-rnd.IntN(20-i)))
			}
		}
		rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		before := slices.Clone(rows)

		// What is left are the rows that no row names, whether or not that row
		// is itself replaced.
		var want []string
		for minTime := range int64(4) {
			for n := range 12 {
				i := slices.IndexFunc(rows, func(r blockindex.Row) bool { return r.ID == id(n) && r.MinTime == minTime })
				named := slices.ContainsFunc(rows, func(r blockindex.Row) bool { return slices.Contains(r.Sources, id(n)) })
				if i >= 0 && !named {
					want = append(want, id(n))
				}
			}
		}
		var got []string
		for _, r := range blockindex.WithoutReplaced(rows) {
			got = append(got, r.ID)
		}
		require.Equal(t, want, got)
		require.Equal(t, before, rows, "the argument is left as it was")
	}
}
