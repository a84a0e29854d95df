// Package flamebearer is the JSON form of flame graphs that Pyroscope's older
// HTTP interface answers with, and its ad hoc profiles carry as a string. Its
// numbers are numbers, where proto-JSON has strings.
package flamebearer

import (
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Document is one flame graph, or two side by side.
type Document struct {
	Version     int                  `json:"version"` // 1
	Flamebearer Graph                `json:"flamebearer"`
	Metadata    Metadata             `json:"metadata"`
	Timeline    *Timeline            `json:"timeline"`
	Groups      map[string]*Timeline `json:"groups"`
	Heatmap     *struct{}            `json:"heatmap"` // always null
	LeftTicks   *int64               `json:"leftTicks,omitempty"`
	RightTicks  *int64               `json:"rightTicks,omitempty"`
}

// Graph is the bars, by level from the root on: groups of four numbers (offset,
// total, self, index in Names), or of seven if there are two graphs.
type Graph struct {
	Names    []string  `json:"names"`
	Levels   [][]int64 `json:"levels"`
	NumTicks int64     `json:"numTicks"`
	MaxSelf  int64     `json:"maxSelf"`
}

// Metadata says how values are to be shown.
type Metadata struct {
	Format     string `json:"format"` // "single" or "double"
	SpyName    string `json:"spyName"`
	SampleRate int64  `json:"sampleRate"`
	Units      string `json:"units"`
	Name       string `json:"name"`
}

// Timeline is values over time; the first sample stands at the start.
type Timeline struct {
	StartTime     int64         `json:"startTime"` // Unix seconds
	Samples       []int64       `json:"samples"`
	DurationDelta int64         `json:"durationDelta"` // seconds between samples
	Watermarks    map[int64]int `json:"watermarks"`    // always null
}

// Single is the document of one flame graph.
func Single(f *querierv1.FlameGraph, typ profile.Type) *Document {
	return &Document{
		Version:     1,
		Flamebearer: Graph{Names: f.Names, Levels: levels(f.Levels), NumTicks: f.Total, MaxSelf: f.MaxSelf},
		Metadata:    metadata("single", typ),
	}
}

// Double is the document of two flame graphs side by side.
func Double(f *querierv1.FlameGraphDiff, typ profile.Type) *Document {
	return &Document{
		Version:     1,
		Flamebearer: Graph{Names: f.Names, Levels: levels(f.Levels), NumTicks: f.Total, MaxSelf: f.MaxSelf},
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
func metadata(format string, typ profile.Type) Metadata {
	m := Metadata{Format: format, SampleRate: defaultSampleRate, Units: typ.Sample.Unit, Name: typ.Sample.Type}
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
