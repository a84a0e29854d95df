package flamegraph

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Folded lists the stacks that have a value, one a line, as "a;b;c 12", sorted.
// Names are written as they are. What belongs to the root stands under
// "total".
func (t *Tree) Folded() string {
	var lines []string
	for stack, v := range t.Stacks() {
		line := strings.Join(stack, ";")
		if len(stack) == 0 {
			line = "total"
		}
		lines = append(lines, line+" "+strconv.FormatInt(v, 10)+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// Bounds of the text rendering, which is for people.
const (
	textNodes = 60
	textDepth = 40 // levels
	textBar   = 20 // characters
)

// Text renders the heaviest part of the tree for a terminal of some width in
// characters: a line for each function with its share of the total, a bar, the
// share of its own and, indented under its caller, its name. The heaviest
// siblings come first.
func (t *Tree) Text(width int) string {
	byNode := column{self: t.self, total: t.Totals()}
	l := t.layOut(textNodes, byNode)
	c := l.values(byNode)
	out := fmt.Appendf(nil, "%7s %-*s %7s  %s\n", "total", textBar, "", "self", "function")
	type entry struct {
		bar   int32
		depth int
	}
	todo := []entry{{0, 0}}
	for len(todo) > 0 {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x := l.bars[e.bar]
		name := l.name(x)
		if e.bar == 0 {
			name = "total " + strconv.FormatInt(t.total, 10)
		}
		out = append(out, textLine(share(c.total[e.bar], t.total), share(c.self[e.bar], t.total), e.depth, name, width)...)
		if e.depth == textDepth {
			continue
		}
		from := len(todo)
		for j := x.first; j < x.end; j++ {
			todo = append(todo, entry{j, e.depth + 1})
		}
		slices.SortStableFunc(todo[from:], func(a, b entry) int { // the last is taken first
			return cmp.Or(cmp.Compare(c.total[a.bar], c.total[b.bar]), cmp.Compare(b.bar, a.bar))
		})
	}
	return string(out)
}

// share is the part of a whole, from 0 to 1.
func share(v, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(v) / float64(whole)
}

func textLine(total, self float64, depth int, name string, width int) string {
	full := int(math.Round(total * textBar))
	bar := strings.Repeat("█", full) + strings.Repeat("░", textBar-full)
	line := fmt.Sprintf("%6.1f%% %s %6.1f%%  %s%s", 100*total, bar, 100*self, strings.Repeat("  ", depth), oneLine(name))
	if n := utf8.RuneCountInString(line); n > width && width > 1 {
		line = string([]rune(line)[:width-1]) + "…"
	}
	return line + "\n"
}

// oneLine keeps control characters of a name from the terminal.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
