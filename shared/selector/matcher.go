package selector

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Op is how a matcher compares the value of a label.
type Op uint8

// The four operators of PromQL.
const (
	Equal    Op = iota // =
	NotEqual           // !=
	Match              // =~
	NotMatch           // !~
)

// String is the operator as it is written in a selector.
func (o Op) String() string {
	switch o {
	case Equal:
		return "="
	case NotEqual:
		return "!="
	case Match:
		return "=~"
	case NotMatch:
		return "!~"
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}

func (o Op) isRegexp() bool   { return o == Match || o == NotMatch }
func (o Op) isNegative() bool { return o == NotEqual || o == NotMatch }

// Matcher is one condition on one label. Those with a regular expression come
// from [Parse] or [NewMatcher], which compile it; a literal works too but
// compiles at each use. A Matcher is never changed and may be shared.
type Matcher struct {
	Name  string
	Op    Op
	Value string // the value, or a regular expression (RE2) that must match all of it

	re *pattern // of =~ and !~
}

// NewMatcher returns a matcher ready to use. The error says what is wrong with
// the regular expression or the name.
func NewMatcher(name string, op Op, value string) (Matcher, error) {
	budget := newBudget()
	return newMatcher(name, op, value, &budget)
}

func newMatcher(name string, op Op, value string, b *budget) (Matcher, error) {
	m := Matcher{Name: name, Op: op, Value: value}
	if name == "" || !utf8.ValidString(name) {
		return Matcher{}, fmt.Errorf("%q is not a label name", name)
	}
	if op > NotMatch {
		return Matcher{}, fmt.Errorf("unknown operator %v", op)
	}
	if op.isRegexp() {
		re, err := compile(value, b)
		if err != nil {
			return Matcher{}, err
		}
		m.re = re
	}
	return m, nil
}

// Matches reports whether a label of this value satisfies the matcher. A
// series that lacks the label has the value "".
func (m Matcher) Matches(value string) bool {
	if !m.Op.isRegexp() {
		return (m.Value == value) != m.Op.isNegative()
	}
	re := m.re
	if re == nil {
		compiled, err := NewMatcher(m.Name, m.Op, m.Value)
		if err != nil {
			return false
		}
		re = compiled.re
	}
	return re.matches(value) != m.Op.isNegative()
}

// Equal reports whether both say the same in the same words.
func (m Matcher) Equal(other Matcher) bool {
	return m.Name == other.Name && m.Op == other.Op && m.Value == other.Value
}

// String is the matcher as in a selector; [Parse] reads it back when it stands
// in braces.
func (m Matcher) String() string {
	name := m.Name
	if !isLegacyLabelName(name) {
		name = strconv.Quote(name)
	}
	return name + m.Op.String() + strconv.Quote(m.Value)
}

// isLegacyLabelName reports whether a name may stand without quotes.
func isLegacyLabelName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i], i == 0, false) {
			return false
		}
	}
	return s != ""
}

// isNameByte reports whether a byte may stand in an unquoted name. Colons are
// for metric names only.
func isNameByte(c byte, first, colon bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		return true
	case '0' <= c && c <= '9':
		return !first
	}
	return c == ':' && colon
}
