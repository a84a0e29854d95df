package query

import (
	"math"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// flamebearerDocument is a flame graph in the JSON of the older interface. Its
// numbers are numbers, where proto-JSON has strings.
type flamebearerDocument struct {
	Version     int                  `json:"version"`
	Flamebearer flamebearer          `json:"flamebearer"`
	Metadata    flamebearerMetadata  `json:"metadata"`
	Timeline    *timeline            `json:"timeline"`
	Groups      map[string]*timeline `json:"groups"`
	Heatmap     *struct{}            `json:"heatmap"` // always null
	LeftTicks   *int64               `json:"leftTicks,omitempty"`
	RightTicks  *int64               `json:"rightTicks,omitempty"`
}

type flamebearer struct {
	Names    []string  `json:"names"`
	Levels   [][]int64 `json:"levels"`
	NumTicks int64     `json:"numTicks"`
	MaxSelf  int64     `json:"maxSelf"`
}

type flamebearerMetadata struct {
	Format     string `json:"format"` // "single" or "double"
	SpyName    string `json:"spyName"`
	SampleRate int64  `json:"sampleRate"`
	Units      string `json:"units"`
	Name       string `json:"name"`
}

// timeline is values over time; the first sample stands at the start.
type timeline struct {
	StartTime     int64         `json:"startTime"` // Unix seconds
	Samples       []int64       `json:"samples"`
	DurationDelta int64         `json:"durationDelta"` // seconds between samples
	Watermarks    map[int64]int `json:"watermarks"`    // always null
}

func newTimeline(points []engine.Sum, b engine.Buckets, step int64, value func(engine.Sum) float64) timeline {
	t := timeline{StartTime: b.Start / 1000, DurationDelta: step, Samples: make([]int64, len(points))}
	for i, p := range points {
		if p.Profiles > 0 {
			t.Samples[i] = int64(math.Round(value(p)))
		}
	}
	return t
}

func singleFlamebearer(f *querierv1.FlameGraph, typ profile.Type) *flamebearerDocument {
	return &flamebearerDocument{
		Version:     1,
		Flamebearer: flamebearer{Names: f.Names, Levels: levels(f.Levels), NumTicks: f.Total, MaxSelf: f.MaxSelf},
		Metadata:    metadata("single", typ),
	}
}

func doubleFlamebearer(f *querierv1.FlameGraphDiff, typ profile.Type) *flamebearerDocument {
	return &flamebearerDocument{
		Version:     1,
		Flamebearer: flamebearer{Names: f.Names, Levels: levels(f.Levels), NumTicks: f.Total, MaxSelf: f.MaxSelf},
		Metadata:    metadata("double", typ),
		LeftTicks:   &f.LeftTicks, RightTicks: &f.RightTicks,
	}
}

func levels(in []*querierv1.Level) [][]int64 {
	out := make([][]int64, len(in))
	for i, l := range in {
		out[i] = l.Values
	}
	return out
}

// defaultSampleRate is that of values that are not times, in Hz.
const defaultSampleRate = 100

// metadata says how values are to be shown: times are samples of so many a
// second.
func metadata(format string, typ profile.Type) flamebearerMetadata {
	m := flamebearerMetadata{Format: format, SampleRate: defaultSampleRate, Units: typ.Sample.Unit, Name: typ.Sample.Type}
	lock := typ.Name == "mutex" || typ.Name == "block"
	switch typ.Sample.Unit {
	case "nanoseconds":
		m.SampleRate, m.Units = 1e9, "samples"
		if lock {
			m.Units = "lock_nanoseconds"
		}
	case "microseconds":
		m.SampleRate, m.Units = 1e6, "samples"
	case "milliseconds":
		m.SampleRate, m.Units = 1e3, "samples"
	case "seconds":
		m.SampleRate, m.Units = 1, "samples"
	case "count":
		m.Units = "objects"
		if lock {
			m.Units = "lock_samples"
		}
	}
	return m
}
