package selector

import (
	"errors"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// MaxBytes is the longest selector that is read.
const MaxBytes = 256 << 10

// Parse reads a selector: matchers in braces, a metric name before them or
// quoted among them (it stands for __name__), or a metric name alone. Names
// beyond letters, digits and underscores need quotes; strings are quoted by ",
// ' or `. {} selects everything; the empty string is an error. The error is a
// [*ParseError].
func Parse(s string) (Selector, error) {
	if len(s) > MaxBytes {
		return nil, &ParseError{Reason: fmt.Sprintf("the selector is longer than %d bytes", MaxBytes), Line: 1, Column: 1}
	}
	p := parser{scanner: scanner{in: s}, budget: newBudget()}
	sel, err := p.selector()
	if err != nil {
		return nil, p.located(err)
	}
	return sel, nil
}

type parser struct {
	scanner
	budget budget
	out    Selector
}

// selector reads the whole input.
func (p *parser) selector() (Selector, error) {
	p.out = Selector{}
	p.space()
	name := p.name(true)
	if name != "" {
		if err := p.add(p.at, profile.LabelName, Equal, name); err != nil {
			return nil, err
		}
		if p.space(); p.done() {
			return p.out, nil
		}
	}
	if !p.accept('{') {
		if name != "" {
			return nil, p.unexpected(`"{" or the end of the selector`)
		}
		return nil, p.unexpected(`a metric name or "{"`)
	}
	if err := p.matchers(); err != nil {
		return nil, err
	}
	if p.space(); !p.done() {
		return nil, p.unexpected("the end of the selector")
	}
	return p.out, nil
}

// matchers reads from behind the opening brace up to the closing one.
func (p *parser) matchers() error {
	for {
		if p.space(); p.accept('}') {
			return nil
		}
		if err := p.matcher(); err != nil {
			return err
		}
		p.space()
		if p.accept('}') {
			return nil
		}
		if !p.accept(',') {
			return p.unexpected(`"," or "}"`)
		}
	}
}

// matcher reads one matcher, or a quoted metric name.
func (p *parser) matcher() error {
	start := p.at
	name, quoted, err := p.labelName()
	if err != nil {
		return err
	}
	p.space()
	if quoted && !p.done() && (p.in[p.at] == ',' || p.in[p.at] == '}') {
		return p.add(start, profile.LabelName, Equal, name)
	}
	op, ok := p.operator()
	if !ok {
		if quoted {
			return p.unexpected(`a label matching operator (=, !=, =~, !~), "," or "}"`)
		}
		return p.unexpected("a label matching operator (=, !=, =~, !~)")
	}
	p.space()
	valueAt := p.at
	value, ok, err := p.quoted()
	if err != nil {
		return err
	}
	if !ok {
		return p.unexpected("a quoted label value")
	}
	return p.add(valueAt, name, op, value)
}

// labelName reads a name, in quotes or not.
func (p *parser) labelName() (name string, quoted bool, err error) {
	start := p.at
	if name = p.name(false); name != "" {
		return name, false, nil
	}
	name, quoted, err = p.quoted()
	if err != nil {
		return "", false, err
	}
	if !quoted {
		return "", false, p.unexpected(`a label name or "}"`)
	}
	if name == "" {
		return "", false, p.failed(start, errors.New("a name must not be empty"))
	}
	return name, true, nil
}

// operator reads one of the four operators.
func (p *parser) operator() (Op, bool) {
	switch {
	case p.acceptString("=~"):
		return Match, true
	case p.acceptString("!~"):
		return NotMatch, true
	case p.acceptString("!="):
		return NotEqual, true
	case p.accept('='):
		return Equal, true
	}
	return 0, false
}

// add appends a matcher that was read at the offset start.
func (p *parser) add(start int, name string, op Op, value string) error {
	m, err := newMatcher(name, op, value, &p.budget)
	if err != nil {
		return p.failed(start, err)
	}
	p.out = append(p.out, m)
	return nil
}
