package speedscope_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/speedscope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// file writes a file over the frames a, b and c.
func file(profiles ...string) string {
	return `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"x","activeProfileIndex":0,` +
		`"shared":{"frames":[{"name":"a","file":"a.js","line":1,"col":2},{"name":"b"},{"name":"c"}]},` +
		`"profiles":[` + strings.Join(profiles, ",") + `]}`
}

const (
	sampled = `{"type":"sampled","name":"one","unit":"bytes","startValue":0,"endValue":9,"samples":[[0,1],[0,2],[0,1],[]],"weights":[1,2,3,4]}`
	evented = `{"type":"evented","name":"two","unit":"milliseconds","startValue":10,"endValue":20,"events":[` +
		`{"type":"O","frame":0,"at":10},{"type":"O","frame":1,"at":10.25},{"type":"C","frame":1,"at":11},{"type":"C","frame":0,"at":13},` +
		`{"type":"O","frame":2,"at":14},{"type":"C","frame":2,"at":20}]}`
)

func scale(factor float64) func(float64) int64 {
	return func(w float64) int64 { return int64(math.Round(w * factor)) }
}

func TestRead(t *testing.T) {
	profiles, err := speedscope.Parse([]byte(file(sampled, evented)))
	require.NoError(t, err)
	require.Len(t, profiles, 2)
	require.Equal(t, "one", profiles[0].Name)
	require.Equal(t, speedscope.Bytes, profiles[0].Unit)
	require.Zero(t, profiles[0].Unit.Nanoseconds())
	b := stacks.NewBuilder(pprof.DefaultLimits())
	require.NoError(t, profiles[0].Read(b, scale(1)))
	require.Equal(t, "a;b 4\na;c 2\n", stackstest.Folded(b))

	require.Equal(t, "two", profiles[1].Name)
	b = stacks.NewBuilder(pprof.DefaultLimits())
	require.NoError(t, profiles[1].Read(b, scale(profiles[1].Unit.Nanoseconds())))
	require.Equal(t, "a 2250000\na;b 750000\nc 6000000\n", stackstest.Folded(b))
}

func TestUnits(t *testing.T) {
	for unit, want := range map[speedscope.Unit]float64{"nanoseconds": 1, "microseconds": 1e3, "milliseconds": 1e6, "seconds": 1e9, "none": 0, "bytes": 0} {
		profiles, err := speedscope.Parse([]byte(file(strings.Replace(sampled, "bytes", string(unit), 1))))
		require.NoError(t, err)
		require.Equal(t, want, profiles[0].Unit.Nanoseconds(), unit)
	}
}

func read(body string) error {
	profiles, err := speedscope.Parse([]byte(body))
	for i := range profiles {
		if err == nil {
			err = profiles[i].Read(stacks.NewBuilder(pprof.DefaultLimits()), scale(1))
		}
	}
	return err
}

func TestRefuse(t *testing.T) {
	events := func(list string) string {
		return file(`{"type":"evented","name":"x","unit":"none","events":[` + list + `]}`)
	}
	for name, body := range map[string]string{
		"empty":              "",
		"not JSON":           "a;b 1",
		"other JSON":         "{}",
		"other schema":       strings.Replace(file(sampled), "speedscope.app", "example.com", 1),
		"unknown unit":       file(strings.Replace(sampled, "bytes", "hours", 1)),
		"unknown type":       file(strings.Replace(sampled, `"sampled"`, `"other"`, 1)),
		"missing frame":      file(strings.Replace(sampled, "[0,2]", "[0,3]", 1)),
		"negative frame":     file(strings.Replace(sampled, "[0,2]", "[-1]", 1)),
		"missing weight":     file(strings.Replace(sampled, "3,4]", "3]", 1)),
		"infinite weight":    file(strings.Replace(sampled, "3,4]", "3,1e999]", 1)),
		"close of nothing":   events(`{"type":"C","frame":0,"at":1}`),
		"close of another":   events(`{"type":"O","frame":0,"at":1},{"type":"C","frame":1,"at":2}`),
		"unknown event":      events(`{"type":"X","frame":0,"at":1}`),
		"events in disorder": events(`{"type":"O","frame":0,"at":2},{"type":"C","frame":0,"at":1}`),
		"event of no frame":  events(`{"type":"O","frame":9,"at":2}`),
	} {
		require.ErrorIs(t, read(body), speedscope.ErrSyntax, name)
	}
	require.ErrorIs(t, read(strings.Repeat(" ", speedscope.MaxFileBytes+1)), pprof.ErrTooLarge)
	many := make([]string, 16001)
	weights := make([]string, len(many))
	frames := make([]string, len(many))
	for i := range many {
		many[i], weights[i], frames[i] = fmt.Sprintf("[%d]", i), "1", fmt.Sprintf(`{"name":"f%d"}`, i)
	}
	body := `{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[` + strings.Join(frames, ",") + `]},"profiles":[` +
		`{"type":"sampled","unit":"none","samples":[` + strings.Join(many, ",") + `],"weights":[` + strings.Join(weights, ",") + `]}]}`
	require.ErrorIs(t, read(body), pprof.ErrTooLarge)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(file(sampled, evented)))
	f.Add([]byte(file(strings.Replace(sampled, "3,4]", "-3,1e300]", 1))))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		limits := pprof.Limits{MaxSamples: 10, MaxBytes: 1000, MaxStackDepth: 5}
		profiles, err := speedscope.Parse(body)
		require.True(t, err == nil || len(profiles) == 0)
		for i := range profiles {
			b := stacks.NewBuilder(limits)
			if profiles[i].Read(b, scale(1e9)) == nil {
				require.LessOrEqual(t, strings.Count(stackstest.Folded(b), "\n"), 10)
			}
		}
	})
}
