package selector

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// scanner is a position in the text of a selector.
type scanner struct {
	in string
	at int // byte offset of what is read next
}

func (s *scanner) done() bool { return s.at >= len(s.in) }

// space skips white space and comments.
func (s *scanner) space() {
	for ; !s.done(); s.at++ {
		switch s.in[s.at] {
		case ' ', '\t', '\n', '\r':
		case '#':
			end := strings.IndexAny(s.in[s.at:], "\r\n")
			if end < 0 {
				s.at = len(s.in)
				return
			}
			s.at += end
		default:
			return
		}
	}
}

func (s *scanner) accept(c byte) bool {
	if s.done() || s.in[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) acceptString(token string) bool {
	if !strings.HasPrefix(s.in[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// name reads an unquoted name, "" if there is none.
func (s *scanner) name(colon bool) string {
	start := s.at
	for !s.done() && isNameByte(s.in[s.at], s.at == start, colon) {
		s.at++
	}
	return s.in[start:s.at]
}

// Errors of quoted strings.
var (
	errUnterminated = errors.New("unterminated quoted string")
	errNotUTF8      = errors.New("invalid UTF-8")
	errEscape       = errors.New("unknown escape sequence")
)

// quoted reads a quoted string, if there is one.
func (s *scanner) quoted() (text string, ok bool, err error) {
	if s.done() {
		return "", false, nil
	}
	start, quote := s.at, s.in[s.at]
	switch quote {
	case '`':
		s.at++
		text, err = s.raw()
	case '"', '\'':
		s.at++
		text, err = s.escaped(quote)
	default:
		return "", false, nil
	}
	if errors.Is(err, errUnterminated) {
		return "", false, s.failed(start, err)
	}
	if err != nil {
		return "", false, s.failed(s.at, err)
	}
	return text, true, nil
}

// raw reads up to a closing back quote; nothing is an escape.
func (s *scanner) raw() (string, error) {
	end := strings.IndexByte(s.in[s.at:], '`')
	if end < 0 {
		return "", errUnterminated
	}
	text := s.in[s.at : s.at+end]
	if !utf8.ValidString(text) {
		return "", errNotUTF8
	}
	s.at += end + 1
	return text, nil
}

// escaped reads up to the closing quote and resolves Go's escapes.
func (s *scanner) escaped(quote byte) (string, error) {
	start := s.at
	var b []byte // nil as long as the text is as it stands
	for !s.done() {
		c := s.in[s.at]
		switch {
		case c == quote:
			text := s.in[start:s.at]
			if b != nil {
				text = string(b)
			}
			s.at++
			return text, nil
		case c == '\n':
			return "", errUnterminated
		case c == '\\':
			if b == nil {
				b = append(make([]byte, 0, 2*(s.at-start)+16), s.in[start:s.at]...)
			}
			var err error
			if b, err = s.escape(b, quote); err != nil {
				return "", err
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s.in[s.at:])
		if r == utf8.RuneError && n == 1 {
			return "", errNotUTF8
		}
		if b != nil {
			b = append(b, s.in[s.at:s.at+n]...)
		}
		s.at += n
	}
	return "", errUnterminated
}

// simpleEscapes are the escapes of one character and what they stand for.
const simpleEscapes = "a\ab\bf\fn\nr\rt\tv\v\\\\"

// escape reads one escape sequence and appends what it stands for.
func (s *scanner) escape(b []byte, quote byte) ([]byte, error) {
	if s.at+1 >= len(s.in) {
		return nil, errUnterminated
	}
	c := s.in[s.at+1]
	for i := 0; i < len(simpleEscapes); i += 2 {
		if simpleEscapes[i] == c {
			s.at += 2
			return append(b, simpleEscapes[i+1]), nil
		}
	}
	switch {
	case c == quote:
		s.at += 2
		return append(b, quote), nil
	case c == 'x':
		return s.coded(b, 2, 2, 16, 0xff)
	case c == 'u':
		return s.coded(b, 2, 4, 16, utf8.MaxRune)
	case c == 'U':
		return s.coded(b, 2, 8, 16, utf8.MaxRune)
	case '0' <= c && c <= '7':
		return s.coded(b, 1, 3, 8, 0xff)
	}
	return nil, errEscape
}

// coded reads an escape of digits behind a prefix of skip characters: a byte
// if limit is 0xff, or else a code point.
func (s *scanner) coded(b []byte, skip, digits, base int, limit rune) ([]byte, error) {
	if len(s.in)-s.at < skip+digits {
		return nil, errEscape
	}
	var v rune
	for _, c := range []byte(s.in[s.at+skip : s.at+skip+digits]) {
		d := digit(c)
		if d >= rune(base) || v > utf8.MaxRune {
			return nil, errEscape
		}
		v = v*rune(base) + d
	}
	if v > limit || limit != 0xff && !utf8.ValidRune(v) {
		return nil, errEscape
	}
	s.at += skip + digits
	if limit == 0xff {
		return append(b, byte(v)), nil
	}
	return utf8.AppendRune(b, v), nil
}

// digit is the value of a hexadecimal digit, or more than any for other bytes.
func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return 0xff
}
