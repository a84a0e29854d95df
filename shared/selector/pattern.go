package selector

import (
	"regexp"
	"strings"
)

// patternKind is the cheapest way to decide a regular expression.
type patternKind uint8

const (
	program   patternKind = iota // run the expression
	oneOf                        // foo, foo|bar
	hasPrefix                    // foo.*, and foo.+ with more
	hasSuffix                    // .*foo
	contains                     // .*foo.*
)

// pattern is a regular expression that must match the whole of a value, with
// dots that match newlines too, as in PromQL.
type pattern struct {
	kind    patternKind
	set     map[string]struct{} // of oneOf
	literal string              // of hasPrefix, hasSuffix and contains
	more    int                 // bytes the value must have beyond the literal: 1 for .+
	re      *regexp.Regexp      // of program
}

func (p *pattern) matches(v string) bool {
	switch p.kind {
	case oneOf:
		_, ok := p.set[v]
		return ok
	case hasPrefix:
		return len(v) >= len(p.literal)+p.more && strings.HasPrefix(v, p.literal)
	case hasSuffix:
		return len(v) >= len(p.literal)+p.more && strings.HasSuffix(v, p.literal)
	case contains:
		return strings.Contains(v, p.literal)
	default:
		return p.re.MatchString(v)
	}
}

// literals lists the values of a oneOf pattern in no order.
func (p *pattern) literals() []string {
	out := make([]string, 0, len(p.set))
	for v := range p.set {
		out = append(out, v)
	}
	return out
}
