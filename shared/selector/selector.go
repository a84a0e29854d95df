package selector

import (
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Selector selects the series that satisfy all of its matchers; an empty one
// selects every series.
type Selector []Matcher

// Matches reports whether a series with these labels is selected. The labels
// must be sorted.
func (s Selector) Matches(labels profile.Labels) bool {
	for i := range s {
		if !s[i].Matches(labels.Get(s[i].Name)) {
			return false
		}
	}
	return true
}

// MatchesLabel reports whether all matchers on one label accept a value: true
// when there is none. It serves to skip blocks, datasets and label values
// before the rest of the labels is known.
func (s Selector) MatchesLabel(name, value string) bool {
	for i := range s {
		if s[i].Name == name && !s[i].Matches(value) {
			return false
		}
	}
	return true
}

// Values lists, sorted, the only values that a label of a selected series may
// have, if the matchers on it name them: by = or by an alternation of literals
// such as =~"a|b". Otherwise bounded is false and any value may occur that
// [Selector.MatchesLabel] accepts. An empty bounded list means that nothing can
// be selected.
func (s Selector) Values(name string) (values []string, bounded bool) {
	for i := range s {
		m := &s[i]
		var named []string
		switch {
		case m.Name != name:
			continue
		case m.Op == Equal:
			named = []string{m.Value}
		case m.Op == Match && m.re != nil && m.re.kind == oneOf:
			named = m.re.literals()
		default:
			continue
		}
		if !bounded || len(named) < len(values) {
			values, bounded = named, true
		}
	}
	if !bounded {
		return nil, false
	}
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !s.MatchesLabel(name, v) })
	slices.Sort(values)
	return slices.Compact(values), true
}

// Equal reports whether both hold the same matchers in the same order.
func (s Selector) Equal(other Selector) bool {
	return slices.EqualFunc(s, other, Matcher.Equal)
}

// String is the selector in braces: {a="b", c!~"d.*"}. [Parse] reads it back.
func (s Selector) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s[i].String())
	}
	b.WriteByte('}')
	return b.String()
}
