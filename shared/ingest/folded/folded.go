// Package folded reads stacks written as lines of text, the form that flame
// graph scripts use: frames from the root to the leaf, divided by semicolons.
package folded

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// ErrSyntax is wrapped by the errors about a body that is not of the form.
// Other errors are those of the builder: the profile is too large.
var ErrSyntax = errors.New("malformed profile")

// Groups reads lines "frame;frame;frame count". Frames may hold spaces. Empty
// lines count for nothing, and neither do frames without a name.
func Groups(body []byte, b *stacks.Builder) error {
	r := reader{b: b}
	return r.lines(body, func(line []byte) error {
		i := bytes.LastIndexByte(line, ' ')
		if i < 0 {
			return errors.New(`no space between stack and count`)
		}
		count, err := strconv.ParseInt(string(line[i+1:min(len(line), i+1+maxDigits)]), 10, 64)
		if err != nil || len(line)-i-1 > maxDigits {
			return errors.New("the count is not a whole number")
		}
		return r.add(line[:i], count)
	})
}

// maxDigits is the length of the smallest int64.
const maxDigits = len("-9223372036854775808")

// Lines reads lines "frame;frame;frame", each of which counts once.
func Lines(body []byte, b *stacks.Builder) error {
	r := reader{b: b}
	return r.lines(body, func(line []byte) error { return r.add(line, 1) })
}

type reader struct {
	b     *stacks.Builder
	stack []stacks.FrameID
}

// lines calls each for every line that is not empty, without its end.
func (r *reader) lines(body []byte, each func(line []byte) error) error {
	n := 0
	for line := range bytes.Lines(body) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		// Text is what a body of any other kind (gzip, pprof) is not.
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			return fmt.Errorf("%w: line %d is not text", ErrSyntax, n)
		}
		err := each(line)
		if errors.Is(err, pprof.ErrTooLarge) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrSyntax, n, err)
		}
	}
	return nil
}

func (r *reader) add(stack []byte, count int64) error {
	r.stack = r.stack[:0]
	for len(stack) > 0 && len(r.stack) < r.b.MaxDepth() {
		name, rest, _ := bytes.Cut(stack, []byte{';'})
		if name = bytes.TrimSpace(name); len(name) > 0 {
			r.stack = append(r.stack, r.b.Named(name))
		}
		stack = rest
	}
	return r.b.Add(r.stack, count)
}
