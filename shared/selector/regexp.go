package selector

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Bounds on what the regular expressions of one selector may cost together.
// RE2 runs in time proportional to value and program, so that bounding the
// program bounds the query; alternations of literals are exempt, since they
// are looked up.
const (
	maxRegexpBytes = 16 << 10 // of source text
	maxRegexpSize  = 20_000   // states of the program, about
)

// errRegexpTooLarge is the reason to refuse an expression that is valid.
var errRegexpTooLarge = errors.New("regular expressions of the selector are too large")

// budget is what the expressions of a selector may still use.
type budget struct{ bytes, size int }

func newBudget() budget { return budget{bytes: maxRegexpBytes, size: maxRegexpSize} }

// compile makes a pattern of an expression.
func compile(expr string, b *budget) (*pattern, error) {
	if set, ok := literalAlternatives(expr); ok {
		return &pattern{kind: oneOf, set: set}, nil
	}
	if b.bytes -= len(expr); b.bytes < 0 {
		return nil, fmt.Errorf("%w: more than %d bytes", errRegexpTooLarge, maxRegexpBytes)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl|syntax.DotNL)
	if err != nil {
		return nil, fmt.Errorf("read regular expression: %w", err)
	}
	if b.size -= programSize(parsed, b.size); b.size < 0 {
		return nil, fmt.Errorf("%w: more than about %d states", errRegexpTooLarge, maxRegexpSize)
	}
	if p := shortcut(parsed); p != nil {
		return p, nil
	}
	// Anchoring what was parsed, not the text, keeps a parenthesis or \Q in the
	// expression from reaching over the anchors.
	re, err := regexp.Compile(`\A(?:` + parsed.String() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("compile regular expression: %w", err)
	}
	return &pattern{kind: program, re: re}, nil
}

// literalAlternatives splits an expression such as foo|b\.r, or the same in one
// pair of parentheses, that holds nothing but literals.
func literalAlternatives(expr string) (map[string]struct{}, bool) {
	if strings.HasPrefix(expr, "(") && strings.HasSuffix(expr, ")") {
		expr = expr[1 : len(expr)-1] // whatever parenthesis is left makes it no literal
	}
	if !utf8.ValidString(expr) {
		return nil, false
	}
	set := map[string]struct{}{}
	var lit []byte
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '|':
			set[string(lit)] = struct{}{}
			lit = lit[:0]
		case c == '\\':
			i++
			if i == len(expr) || !isPunctuation(expr[i]) {
				return nil, false
			}
			lit = append(lit, expr[i])
		case strings.IndexByte(`.+*?()[]{}^$`, c) >= 0:
			return nil, false
		default:
			lit = append(lit, c)
		}
	}
	set[string(lit)] = struct{}{}
	return set, true
}

// isPunctuation reports whether a backslash before the character only quotes
// it, in RE2's syntax.
func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// programSize estimates the states of the program of an expression, in which
// repetitions are written out; once it is beyond limit, it need not be exact.
// The parser bounds how deep expressions nest.
func programSize(re *syntax.Regexp, limit int) int {
	size := 1
	switch re.Op {
	case syntax.OpLiteral:
		size = len(re.Rune) + 1
	case syntax.OpCharClass:
		size = len(re.Rune)/8 + 1
	}
	for _, sub := range re.Sub {
		if size > limit {
			return size
		}
		size += programSize(sub, limit-size)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}

// shortcut returns a pattern that needs no program, or nil.
func shortcut(re *syntax.Regexp) *pattern {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	// The whole value must match in any case.
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		parts = parts[:n-1]
	}
	switch len(parts) {
	case 1:
		if lit, ok := literalOf(parts[0]); ok {
			return &pattern{kind: oneOf, set: map[string]struct{}{lit: {}}}
		}
		if more, ok := anything(parts[0]); ok {
			return &pattern{kind: hasPrefix, more: more}
		}
	case 2:
		lit, first := literalOf(parts[0])
		if more, ok := anything(parts[1]); ok && first {
			return &pattern{kind: hasPrefix, literal: lit, more: more}
		}
		lit, second := literalOf(parts[1])
		if more, ok := anything(parts[0]); ok && second {
			return &pattern{kind: hasSuffix, literal: lit, more: more}
		}
	case 3:
		before, any0 := anything(parts[0])
		lit, ok := literalOf(parts[1])
		after, any2 := anything(parts[2])
		if any0 && any2 && ok && before == 0 && after == 0 {
			return &pattern{kind: contains, literal: lit}
		}
	}
	return nil
}

// literalOf returns the text of a literal. The replacement character is none,
// since in a program it matches invalid UTF-8 too.
func literalOf(re *syntax.Regexp) (string, bool) {
	if re.Op != syntax.OpLiteral || re.Flags&syntax.FoldCase != 0 {
		return "", false
	}
	s := string(re.Rune)
	return s, !strings.ContainsRune(s, utf8.RuneError)
}

// anything recognises .* and .+, and returns the bytes that it needs at least.
func anything(re *syntax.Regexp) (atLeast int, ok bool) {
	if (re.Op != syntax.OpStar && re.Op != syntax.OpPlus) || re.Sub[0].Op != syntax.OpAnyChar {
		return 0, false
	}
	if re.Op == syntax.OpPlus {
		return 1, true
	}
	return 0, true
}
