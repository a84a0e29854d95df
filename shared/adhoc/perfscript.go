package adhoc

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
)

// What perf script prints of a sample: a line with the command, its ids, the
// time and the event, then a line for each frame, leaf first, then an empty one.
var (
	perfSample = regexp.MustCompile(`^(\S.*?)\s+\d+(?:/\d+)?\s+(?:\[\d+\]\s+)?\d+\.\d+:\s`)
	perfFrame  = regexp.MustCompile(`^\s+([0-9a-f]+)\s+(.+?)(?:\+0x[0-9a-f]+)?\s+\(([^()]*)\)\s*$`)
)

func isPerfScript(text []byte) bool {
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 && line[0] != '#' {
			return perfSample.Match(line)
		}
	}
	return false
}

// parsePerfScript counts the stacks, each below its command.
func parsePerfScript(text []byte) ([]graph, error) {
	b := stacks.NewBuilder(limits())
	var command []byte
	var stack []stacks.FrameID // leaf first
	flush := func() error {
		if command == nil {
			return nil
		}
		stack = append(stack, b.Named(command))
		slices.Reverse(stack)
		err := b.Add(stack, 1)
		command, stack = nil, stack[:0]
		return err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimRight(line, " \t\r\n")
		switch {
		case len(line) == 0:
			if err := flush(); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case line[0] == '#':
		case command == nil:
			m := perfSample.FindSubmatch(append(line, ' '))
			if m == nil {
				return nil, fmt.Errorf("%w: line %d begins no sample of perf script", errFormat, n)
			}
			command = m[1]
		default:
			m := perfFrame.FindSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("%w: line %d is no frame of perf script", errFormat, n)
			}
			stack = append(stack, b.Named(m[2]))
		}
	}
	if err := flush(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n, err)
	}
	return graphsOf(b.Profile(samples, samples)), nil
}
