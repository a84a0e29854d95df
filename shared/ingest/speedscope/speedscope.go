// Package speedscope reads the JSON files of the flame graph viewer speedscope,
// which hold one profile or several (one a thread, say) over one list of
// frames.
package speedscope

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// ErrSyntax is wrapped by the errors about a body that is not of the form.
// Other errors say that the profile is too large: they wrap pprof.ErrTooLarge.
var ErrSyntax = errors.New("malformed speedscope file")

// MaxFileBytes is the largest file that is read: in memory one takes up to
// fifteen times as much.
const MaxFileBytes = 16 << 20

// schema is how files say what they are.
const schema = "https://www.speedscope.app/file-format-schema.json"

// Unit is the unit of the weights of a profile.
type Unit string

// The units of the schema.
const (
	None         Unit = "none"
	Nanoseconds  Unit = "nanoseconds"
	Microseconds Unit = "microseconds"
	Milliseconds Unit = "milliseconds"
	Seconds      Unit = "seconds"
	Bytes        Unit = "bytes"
)

// Nanoseconds returns how many nanoseconds a unit of time has, 0 for others.
func (u Unit) Nanoseconds() float64 {
	switch u {
	case Nanoseconds:
		return 1
	case Microseconds:
		return 1e3
	case Milliseconds:
		return 1e6
	case Seconds:
		return 1e9
	}
	return 0
}

// Profile is one profile of a file.
type Profile struct {
	Name string `json:"name"`
	Unit Unit   `json:"unit"`

	Type       string    `json:"type"`
	StartValue float64   `json:"startValue"`
	Events     []event   `json:"events"`  // of the type evented
	Samples    [][]int   `json:"samples"` // of the type sampled: frames, root first
	Weights    []float64 `json:"weights"` // of the type sampled: one a sample

	frames []frame
}

// event is that a function is entered or left.
type event struct {
	Type  string  `json:"type"` // O(pen) or C(lose)
	Frame int     `json:"frame"`
	At    float64 `json:"at"`
}

type frame struct {
	Name string `json:"name"`
	File string `json:"file"`
	Line int64  `json:"line"`
}

// Parse reads a file.
func Parse(body []byte) ([]Profile, error) {
	if len(body) > MaxFileBytes {
		return nil, &pprof.LimitError{Limit: "MaxFileBytes", What: "bytes of speedscope", Actual: int64(len(body)), Max: MaxFileBytes}
	}
	var file struct {
		Schema string `json:"$schema"`
		Shared struct {
			Frames []frame `json:"frames"`
		} `json:"shared"`
		Profiles []Profile `json:"profiles"`
	}
	if err := json.Unmarshal(body, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if file.Schema != schema {
		return nil, fmt.Errorf("%w: $schema is not %q", ErrSyntax, schema)
	}
	for i := range file.Profiles {
		p := &file.Profiles[i]
		p.frames = file.Shared.Frames
		switch p.Unit {
		case None, Nanoseconds, Microseconds, Milliseconds, Seconds, Bytes:
		default:
			return nil, fmt.Errorf("%w: profile %d has an unknown unit", ErrSyntax, i)
		}
	}
	return file.Profiles, nil
}

// Read adds the stacks of the profile to b, with values that scale makes of the
// weights.
func (p *Profile) Read(b *stacks.Builder, scale func(weight float64) int64) error {
	r := reader{b: b, scale: scale, frames: p.frames}
	switch p.Type {
	case "sampled":
		return r.sampled(p)
	case "evented":
		return r.evented(p)
	}
	return fmt.Errorf("%w: a profile is neither sampled nor evented", ErrSyntax)
}

type reader struct {
	b      *stacks.Builder
	scale  func(weight float64) int64
	frames []frame
	stack  []stacks.FrameID
}

// push puts a frame onto the stack.
func (r *reader) push(at int) error {
	if at < 0 || at >= len(r.frames) {
		return fmt.Errorf("%w: there is no frame %d", ErrSyntax, at)
	}
	f := r.frames[at]
	r.stack = append(r.stack, r.b.Frame(stacks.Frame{Name: f.Name, File: f.File, Line: max(f.Line, 0)}))
	return nil
}

func (r *reader) sampled(p *Profile) error {
	if len(p.Samples) != len(p.Weights) {
		return fmt.Errorf("%w: %d samples have %d weights", ErrSyntax, len(p.Samples), len(p.Weights))
	}
	for i, sample := range p.Samples {
		r.stack = r.stack[:0]
		for _, at := range sample {
			if err := r.push(at); err != nil {
				return err
			}
		}
		if err := r.b.Add(r.stack, r.scale(p.Weights[i])); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) evented(p *Profile) error {
	last := p.StartValue
	open := []int{} // the frames of the stack
	for i, e := range p.Events {
		if e.At < last && i > 0 {
			return fmt.Errorf("%w: event %d comes before the one before it", ErrSyntax, i)
		}
		if err := r.b.Add(r.stack, r.scale(e.At-last)); err != nil {
			return err
		}
		last = e.At
		switch {
		case e.Type == "O":
			if err := r.push(e.Frame); err != nil {
				return err
			}
			open = append(open, e.Frame)
		case e.Type == "C" && len(open) > 0 && open[len(open)-1] == e.Frame:
			open = open[:len(open)-1]
			r.stack = r.stack[:len(open)]
		default:
			return fmt.Errorf("%w: event %d does not close the frame that is open", ErrSyntax, i)
		}
	}
	return nil
}
