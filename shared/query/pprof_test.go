package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// pprofStacks checks a pprof as go tool pprof does, that nothing in it is
// unused and no stack trace there twice, and returns its stack traces by names.
func pprofStacks(t *testing.T, p *googlev1.Profile) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	if len(p.Sample) == 0 {
		require.True(t, proto.Equal(&googlev1.Profile{}, p))
		return out
	}
	raw, err := proto.Marshal(p)
	require.NoError(t, err)
	parsed, err := profile.ParseUncompressed(raw)
	require.NoError(t, err)
	require.NoError(t, parsed.CheckValid())
	requireAllUsed(t, p)
	seen := map[string]bool{}
	for _, s := range parsed.Sample {
		var names []string
		var ids strings.Builder
		for _, l := range s.Location {
			fmt.Fprint(&ids, l.ID, " ")
			for _, line := range l.Line {
				names = append(names, line.Function.Name)
			}
			switch {
			case len(l.Line) > 0:
			case l.Mapping == nil:
				names = append(names, fmt.Sprintf("0x%x", l.Address))
			default:
				names = append(names, fmt.Sprintf("%s+0x%x", l.Mapping.File[strings.LastIndex(l.Mapping.File, "/")+1:], l.Address))
			}
		}
		require.False(t, seen[ids.String()], "a stack trace twice")
		seen[ids.String()] = true
		slices.Reverse(names)
		out[strings.Join(names, ";")] += s.Value[0]
	}
	return out
}

func requireAllUsed(t *testing.T, p *googlev1.Profile) {
	t.Helper()
	require.Empty(t, p.StringTable[0])
	locations, functions, mappings, strs := map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}, map[int64]bool{0: true}
	use := func(ids ...int64) {
		for _, id := range ids {
			strs[id] = true
		}
	}
	for _, s := range p.Sample {
		require.Len(t, s.Value, 1)
		require.NotZero(t, s.Value[0])
		for _, l := range s.LocationId {
			locations[l] = true
		}
	}
	for _, l := range p.Location {
		require.True(t, locations[l.Id], "location that is not used")
		mappings[l.MappingId] = true
		for _, line := range l.Line {
			functions[line.FunctionId] = true
		}
	}
	for _, f := range p.Function {
		require.True(t, functions[f.Id], "function that is not used")
		use(f.Name, f.SystemName, f.Filename)
	}
	for _, m := range p.Mapping {
		require.True(t, mappings[m.Id], "mapping that is not used")
		use(m.Filename, m.BuildId)
	}
	for _, s := range append(p.SampleType, p.PeriodType) {
		use(s.GetType(), s.GetUnit())
	}
	require.Len(t, strs, len(p.StringTable), "strings that are not used")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(p.StringTable))), len(p.StringTable), "a string twice")
}

func TestPprofCanBeCut(t *testing.T) {
	w, pushed := randomWorld(t, 1)
	q := truth{cpuID, "{}", base, base + hour, 0}
	total := int64(0)
	for _, v := range q.stacks(t, pushed...) {
		total += v
	}
	for _, n := range []int64{1, 2, 10, 50} {
		r := q.request()
		r.MaxNodes, r.Format = &n, querierv1.ProfileFormat_PROFILE_FORMAT_PPROF
		p := must(t, w.client().SelectMergeStacktraces, r).Pprof.Profile
		sum := int64(0)
		for _, v := range pprofStacks(t, p) {
			sum += v
		}
		require.Equal(t, total, sum, "%d nodes", n)
		// Each node kept has a sample of its own, one of what was cut, or both.
		require.LessOrEqual(t, len(p.Location), int(n)+1)
		require.LessOrEqual(t, len(p.Sample), 2*int(n)+2)
	}
}
