package pprof_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	google "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// fixtures are the real profiles, by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../tests/fixtures/*.pb.gz")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		all[strings.TrimSuffix(filepath.Base(path), ".pb.gz")] = data
	}
	return all
}

func parse(t testing.TB, data []byte) *google.Profile {
	t.Helper()
	g, err := google.ParseData(data)
	require.NoError(t, err)
	require.NoError(t, g.CheckValid())
	return g
}

func TestDecodeAgreesWithGoogle(t *testing.T) {
	for name, data := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			p, g := decode(t, data), parse(t, data)
			requireSame(t, g, p)
			requireSame(t, parse(t, p.AppendEncode(nil)), p)
		})
	}
}

// requireSame compares all that both forms hold, part by part.
func requireSame(t testing.TB, g *google.Profile, p *pprof.Profile) {
	t.Helper()
	require.Equal(t, len(g.SampleType), len(p.SampleTypes))
	for i, st := range g.SampleType {
		require.Equal(t, st.Type+"/"+st.Unit, p.SampleTypes[i].Type+"/"+p.SampleTypes[i].Unit)
	}
	if g.PeriodType != nil {
		require.Equal(t, g.PeriodType.Type+"/"+g.PeriodType.Unit, p.PeriodType.Type+"/"+p.PeriodType.Unit)
	}
	require.Equal(t, []int64{g.Period, g.TimeNanos, g.DurationNanos}, []int64{p.Period, p.TimeNanos, p.DurationNanos})
	require.Equal(t, g.DefaultSampleType, p.DefaultSampleType)
	require.Equal(t, len(g.Sample), len(p.Samples))
	for i, s := range g.Sample {
		require.Equal(t, s.Value, p.SampleValues(i))
		require.Equal(t, googleFrames(s), frames(p, i))
		require.Equal(t, googleLabels(s), labels(p, i))
	}
}

func googleFrames(s *google.Sample) []string {
	var out []string
	for _, l := range s.Location {
		out = append(out, fmt.Sprintf("%#x folded=%v", l.Address, l.IsFolded))
		if m := l.Mapping; m != nil {
			out = append(out, fmt.Sprintf("%#x-%#x@%#x %s %s %v%v%v%v", m.Start, m.Limit, m.Offset, m.File, m.BuildID,
				m.HasFunctions, m.HasFilenames, m.HasLineNumbers, m.HasInlineFrames))
		}
		for _, line := range l.Line {
			f := line.Function
			out = append(out, fmt.Sprintf("%s %s %s:%d %d:%d", f.Name, f.SystemName, f.Filename, f.StartLine, line.Line, line.Column))
		}
	}
	return out
}

func frames(p *pprof.Profile, i int) []string {
	var out []string
	for _, at := range p.Stack(i) {
		l := p.Locations[at]
		out = append(out, fmt.Sprintf("%#x folded=%v", l.Address, l.Folded))
		if l.Mapping != 0 {
			m := p.Mappings[l.Mapping-1]
			has := func(f pprof.MappingFlags) bool { return m.Flags&f != 0 }
			out = append(out, fmt.Sprintf("%#x-%#x@%#x %s %s %v%v%v%v", m.Start, m.Limit, m.Offset, p.Strings[m.Filename], p.Strings[m.BuildID],
				has(pprof.HasFunctions), has(pprof.HasFilenames), has(pprof.HasLineNumbers), has(pprof.HasInlineFrames)))
		}
		for _, line := range p.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
			f := p.Functions[line.Function]
			out = append(out, fmt.Sprintf("%s %s %s:%d %d:%d", p.Strings[f.Name], p.Strings[f.SystemName], p.Strings[f.Filename], f.StartLine, line.Line, line.Column))
		}
	}
	return out
}

func googleLabels(s *google.Sample) []string {
	var out []string
	for k, vs := range s.Label {
		for _, v := range vs {
			out = append(out, k+"="+v)
		}
	}
	slices.Sort(out)
	return out
}

func labels(p *pprof.Profile, i int) []string {
	var out []string
	for _, l := range p.SampleLabels(i) {
		if !l.Numeric {
			out = append(out, p.Strings[l.Key]+"="+p.Strings[l.Value])
		}
	}
	slices.Sort(out)
	return out
}
