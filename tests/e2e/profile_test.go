package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// kind is what a profile measures.
type kind struct {
	name           string // label __name__
	sample, period profile.ValueType
}

// kindOf finds the kind in a file's name.
func kindOf(file string) kind {
	cpu := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	contentions := profile.ValueType{Type: "contentions", Unit: "count"}
	switch base := filepath.Base(file); {
	case strings.HasPrefix(base, "mem"):
		space := profile.ValueType{Type: "space", Unit: "bytes"}
		return kind{"memory", profile.ValueType{Type: "inuse_space", Unit: "bytes"}, space}
	case strings.HasPrefix(base, "block"):
		return kind{"block", contentions, contentions}
	case strings.HasPrefix(base, "mutex"):
		return kind{"mutex", contentions, contentions}
	case strings.HasPrefix(base, "goroutine"):
		goroutine := profile.ValueType{Type: "goroutine", Unit: "count"}
		return kind{"goroutine", goroutine, goroutine}
	default:
		return kind{"process_cpu", cpu, cpu}
	}
}

// profileOf makes what is to be sent of a file.
func profileOf(file string, content []byte, at time.Time) ([]byte, error) {
	switch {
	case strings.HasSuffix(file, ".folded"):
		return foldedProfile(kindOf(file), string(content), at)
	case strings.HasSuffix(file, ".pb.gz"):
		p, err := profile.ParseData(content)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		return encode(p, at)
	default:
		return content, nil
	}
}

// foldedProfile makes a pprof of stacks as in "main;serve;parse 3".
func foldedProfile(k kind, text string, at time.Time) ([]byte, error) {
	p := &profile.Profile{SampleType: []*profile.ValueType{&k.sample}, PeriodType: &k.period, Period: 1}
	locations := make(map[string]*profile.Location)
	for _, line := range lines(text) {
		i := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseInt(line[i+1:], 10, 64)
		if err != nil || i < 0 {
			return nil, fmt.Errorf("%q is no stack", line)
		}
		sample := &profile.Sample{Value: []int64{value}}
		for name := range strings.SplitSeq(line[:i], ";") {
			l := locations[name]
			if l == nil {
				id := uint64(len(locations) + 1)
				f := &profile.Function{ID: id, Name: name, SystemName: name}
				l = &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
				locations[name] = l
				p.Function, p.Location = append(p.Function, f), append(p.Location, l)
			}
			sample.Location = append([]*profile.Location{l}, sample.Location...) // leaf first
		}
		p.Sample = append(p.Sample, sample)
	}
	return encode(p, at)
}

// encode is the pprof, compressed as clients send it.
func encode(p *profile.Profile, at time.Time) ([]byte, error) {
	p.TimeNanos = at.UnixNano()
	var buf bytes.Buffer
	if err := p.Write(&buf); err != nil {
		return nil, fmt.Errorf("write pprof: %w", err)
	}
	return buf.Bytes(), nil
}
