package selector

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseError says where a selector cannot be read, and why.
type ParseError struct {
	Offset int    // bytes before the place
	Line   int    // from 1
	Column int    // bytes, from 1
	Reason string // what was found and what was expected
	Err    error  // the cause, if there is one: a bad regular expression
}

// Error is in the form "1:5: parse error: …" that users of PromQL know.
func (e *ParseError) Error() string {
	return fmt.Sprintf("%d:%d: parse error: %s", e.Line, e.Column, e.Reason)
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// unexpected is the error that something else should stand here.
func (s *scanner) unexpected(expected string) error {
	return &ParseError{Offset: s.at, Reason: fmt.Sprintf("unexpected %s, expected %s", s.found(), expected)}
}

// failed is the error that what stands at the offset is bad in itself.
func (s *scanner) failed(offset int, err error) error {
	return &ParseError{Offset: offset, Reason: err.Error(), Err: err}
}

// found describes what stands here.
func (s *scanner) found() string {
	if s.done() {
		return "end of input"
	}
	r, n := utf8.DecodeRuneInString(s.in[s.at:])
	if r == utf8.RuneError && n == 1 {
		return fmt.Sprintf("byte %#x", s.in[s.at])
	}
	if word := (&scanner{in: s.in[s.at:min(s.at+40, len(s.in))]}).name(true); word != "" {
		return fmt.Sprintf("%q", word)
	}
	return fmt.Sprintf("%q", s.in[s.at:s.at+n])
}

// located adds line and column to a parse error.
func (s *scanner) located(err error) error {
	var e *ParseError
	if errors.As(err, &e) {
		before := s.in[:e.Offset]
		e.Line = 1 + strings.Count(before, "\n")
		e.Column = e.Offset - strings.LastIndexByte(before, '\n')
	}
	return err
}
