package ingest_test

import (
	"testing"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
)

// cut makes a profile of two stacks of 64 frames of one way down, of which the
// deeper one lacks the six frames at the root.
func cut(file string) func(*gprofile.Profile) {
	return func(p *gprofile.Profile) {
		p.Function[0].Filename = file
		for i := range 70 {
			at := &gprofile.Location{ID: uint64(i + 2), Address: uint64(0x2000 + i), Line: []gprofile.Line{{Function: p.Function[0], Line: int64(i)}}}
			p.Location = append(p.Location, at)
		}
		p.Location, p.Sample = p.Location[1:], nil
		for i, l := range p.Location { // ids without a gap, as Go has them
			l.ID = uint64(i + 1)
		}
		for i := range 2 {
			p.Sample = append(p.Sample, &gprofile.Sample{Location: p.Location[6*i : 6*i+64], Value: []int64{1, 1e7}})
		}
	}
}

func TestStacksThatGoHasCutAreMadeWhole(t *testing.T) {
	for _, c := range []struct {
		name, file, spy string
		want            int // frames of the first stack
	}{
		{"by the files", "/src/main.go", "", 70},
		{"by the SDK", "main.cc", "gospy", 70},
		{"an SDK that says nothing of the language", "/src/main.go", "scrape", 70},
		{"another language, by the files", "main.py", "", 64},
		{"Rust, by the files", "src/main.rs", "", 64},
		{"another language, by the SDK", "/src/main.go", "pyspy", 64},
		{"nobody knows", "main.cc", "", 64},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			labels := []string{"__name__", "process_cpu", "service_name", "api"}
			if c.spy != "" {
				labels = append(labels, "pyroscope_spy", c.spy)
			}
			status, _, message := b.push(request(series(raw(gz(t, cpu(now, 1, cut(c.file)))), labels...)))
			require.Equal(t, 200, status, message)
			p := b.received()[0].Profile
			require.Len(t, p.Stack(0), c.want)
			require.Len(t, p.Stack(1), 64)
			require.Equal(t, []int64{1, 1e7, 1, 1e7}, p.Values)
		})
	}
}
