package pprof_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The rules of normalization once more, without positions: a sample is a text
// of all that tells it from others.

var shape = regexp.MustCompile(`\[go\.shape\.[^\[\]]*(\[[^\[\]]*\][^\[\]]*)*\]`)

type row struct {
	key    string
	values []int64
}

// model returns the samples a profile consists of after normalization, in
// order.
func model(p *pprof.Profile) []row {
	var rows []row
	for i := range p.Samples {
		values := p.SampleValues(i)
		if slices.Min(values) < 0 || slices.Max(values) == 0 {
			continue
		}
		key := modelStack(p, i) + " " + modelLabels(p, i)
		at := slices.IndexFunc(rows, func(r row) bool { return r.key == key })
		if at < 0 {
			rows = append(rows, row{key, slices.Clone(values)})
			continue
		}
		for j, v := range values {
			rows[at].values[j] += v
		}
	}
	return rows
}

func modelStack(p *pprof.Profile, i int) string {
	var b strings.Builder
	for _, at := range p.Stack(i) {
		l := p.Locations[at]
		address, mapping := l.Address, "none"
		if l.Mapping != 0 {
			m := p.Mappings[l.Mapping-1]
			if m.Flags&pprof.HasFunctions != 0 {
				m.Start, m.Limit, m.Offset = 0, 0, 0
				if l.NumLines > 0 {
					address = 0
				}
			}
			mapping = fmt.Sprintf("%d-%d-%d %s %s %d", m.Start, m.Limit, m.Offset, p.Strings[m.Filename], p.Strings[m.BuildID], m.Flags)
		}
		fmt.Fprintf(&b, "(%#x [%s] %v", address, mapping, l.Folded)
		for _, line := range p.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
			f := p.Functions[line.Function]
			fmt.Fprintf(&b, " %s %s %s %d:%d:%d", shape.ReplaceAllString(p.Strings[f.Name], "[...]"),
				shape.ReplaceAllString(p.Strings[f.SystemName], "[...]"), p.Strings[f.Filename], f.StartLine, line.Line, line.Column)
		}
		b.WriteString(")")
	}
	return b.String()
}

func modelLabels(p *pprof.Profile, i int) string {
	set := make(map[string]string)
	for _, l := range p.SampleLabels(i) {
		k, v := p.Strings[l.Key], p.Strings[l.Value]
		if l.Numeric || k == "" || v == "" {
			continue
		}
		if k == "profile_id" {
			k = "span_id"
		}
		if _, ok := set[k]; !ok {
			set[k] = v
		}
	}
	return fmt.Sprint(set) // sorted by key
}

// requireNormalized checks what Normalize made of a profile.
func requireNormalized(t testing.TB, before, p *pprof.Profile) {
	t.Helper()
	var got []row
	for i := range p.Samples {
		got = append(got, row{modelStack(p, i) + " " + modelLabels(p, i), slices.Clone(p.SampleValues(i))})
	}
	want := model(before)
	require.Equal(t, want, got)
	totals := make([]int64, len(p.SampleTypes))
	for _, r := range want {
		for j, v := range r.values {
			totals[j] += v
		}
	}
	require.Equal(t, totals, p.Totals())

	for i := range p.Samples {
		set := p.SampleLabels(i)
		require.True(t, slices.IsSortedFunc(set, func(a, b pprof.SampleLabel) int { return cmp.Compare(p.Strings[a.Key], p.Strings[b.Key]) }))
	}
	require.Len(t, p.Values, len(p.Samples)*len(p.SampleTypes))
	requireLean(t, p)

	once := clone(p)
	p.Normalize()
	require.Equal(t, noNil(once), noNil(p), "a second time")
	out := p.AppendEncode(nil)
	require.Equal(t, noNil(once), noNil(decode(t, out)), "through the wire")
	requireSame(t, parse(t, out), p)
}

// requireLean checks that each part of a profile stands there once, and that
// something refers to it.
func requireLean(t testing.TB, p *pprof.Profile) {
	t.Helper()
	stringUsed := map[uint32]bool{0: true}
	named := []string{p.PeriodType.Type, p.PeriodType.Unit, p.DefaultSampleType}
	for _, st := range p.SampleTypes {
		named = append(named, st.Type, st.Unit)
	}
	for i, s := range p.Strings {
		if slices.Contains(named, s) {
			stringUsed[uint32(i)] = true
		}
	}
	locationUsed, mappingUsed, functionUsed := map[uint32]bool{}, map[uint32]bool{}, map[uint32]bool{}
	for i := range p.Samples {
		for _, at := range p.Stack(i) {
			locationUsed[at] = true
		}
		for _, l := range p.SampleLabels(i) {
			stringUsed[l.Key], stringUsed[l.Value] = true, true
		}
	}
	for _, l := range p.Locations {
		if l.Mapping != 0 {
			mappingUsed[l.Mapping] = true
		}
	}
	for _, l := range p.Lines {
		functionUsed[l.Function] = true
	}
	for _, f := range p.Functions {
		stringUsed[f.Name], stringUsed[f.SystemName], stringUsed[f.Filename] = true, true, true
	}
	for _, m := range p.Mappings {
		stringUsed[m.Filename], stringUsed[m.BuildID] = true, true
	}
	require.Len(t, stringUsed, len(p.Strings), "strings")
	require.Len(t, locationUsed, len(p.Locations), "locations")
	require.Len(t, mappingUsed, len(p.Mappings), "mappings")
	require.Len(t, functionUsed, len(p.Functions), "functions")
	require.Len(t, distinct(p.Strings), len(p.Strings), "strings")
	require.Len(t, distinct(p.Mappings), len(p.Mappings), "mappings")
	require.Len(t, distinct(p.Functions), len(p.Functions), "functions")
}

func distinct[T comparable](all []T) map[T]bool {
	out := make(map[T]bool)
	for _, v := range all {
		out[v] = true
	}
	return out
}

// random makes a profile in which most parts stand more than once, and parts
// of items may stand in any order, or be shared.
func random(r *rand.Rand) *pprof.Profile {
	p := &pprof.Profile{
		SampleTypes: []profile.ValueType{{Type: "a", Unit: "count"}, {Type: "b", Unit: "bytes"}}[:1+r.IntN(2)],
		PeriodType:  profile.ValueType{Type: "a", Unit: "count"},
		Strings: []string{"", "k", "a", "f", "g[go.shape.int]", "f", "g[go.shape.[]string]", "k", "span_id", "profile_id", "",
			"count", "bytes", "z", "a", "b"},
	}
	some := func(n int) uint32 { return uint32(r.IntN(n)) }
	text := func() uint32 { return some(len(p.Strings)) }
	for range 1 + r.IntN(4) {
		p.Mappings = append(p.Mappings, pprof.Mapping{Start: uint64(some(2)), Limit: uint64(some(2)), Offset: uint64(some(2)), Filename: text(), BuildID: some(2), Flags: pprof.MappingFlags(some(4))})
	}
	for range 1 + r.IntN(8) {
		p.Functions = append(p.Functions, pprof.Function{Name: text(), SystemName: text(), StartLine: int64(some(2))})
	}
	for range r.IntN(12) {
		p.Lines = append(p.Lines, pprof.Line{Function: some(len(p.Functions)), Line: int64(some(2)), Column: int64(some(2)) - 1})
	}
	span := func(n int) (start, end uint32) {
		start = some(n + 1)
		return start, start + some(min(4, n+1-int(start)))
	}
	for range 1 + r.IntN(10) {
		start, end := span(len(p.Lines))
		p.Locations = append(p.Locations, pprof.Location{Address: uint64(some(3)), Mapping: some(len(p.Mappings) + 1), FirstLine: start, NumLines: end - start, Folded: some(4) == 0})
	}
	for range r.IntN(30) {
		p.Stacks = append(p.Stacks, some(len(p.Locations)))
	}
	for range r.IntN(10) {
		l := pprof.SampleLabel{Key: text(), Value: text()}
		if l.Numeric = l.Value == 0; l.Numeric {
			l.Value = 0
		}
		p.Labels = append(p.Labels, l)
	}
	for range r.IntN(25) {
		var s pprof.Sample
		s.StackStart, s.StackEnd = span(len(p.Stacks))
		s.LabelStart, s.LabelEnd = span(len(p.Labels))
		p.Samples = append(p.Samples, s)
		for range p.SampleTypes {
			p.Values = append(p.Values, int64(r.IntN(8)-1))
		}
	}
	return p
}

func TestNormalizeOfRandomProfiles(t *testing.T) {
	for seed := range uint64(3000) {
		p := random(rand.New(rand.NewPCG(seed, 1)))
		before := clone(p)
		p.Normalize()
		requireNormalized(t, before, p)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestNormalizeOfRealProfiles(t *testing.T) {
	for name, data := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			p := decode(t, data)
			before := clone(p)
			p.Normalize()
			requireNormalized(t, before, p)
			require.NotContains(t, strings.Join(p.Strings, " "), "[go.shape.")
			require.Equal(t, before.Totals(), p.Totals())
		})
	}
}
