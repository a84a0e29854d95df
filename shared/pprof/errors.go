package pprof

import (
	"errors"
	"fmt"
)

// What can be wrong with a body. Every error of [Decode] wraps one of these.
var (
	// ErrMalformed is a body that is no pprof at all: empty, bad gzip or
	// not a protobuf message of that form.
	ErrMalformed = errors.New("malformed pprof")
	// ErrTooLarge is a body beyond a limit; the error is a [*LimitError].
	ErrTooLarge = errors.New("profile too large")
	// ErrInvalid is a pprof whose parts contradict each other, such as a
	// sample at a location that does not exist.
	ErrInvalid = errors.New("invalid pprof")
)

// LimitError says which limit a profile exceeds. It wraps [ErrTooLarge].
type LimitError struct {
	// Limit is the name of the field of [Limits].
	Limit string
	// What is counted, in words: "samples".
	What string
	// Actual is the amount found. Of MaxBytes it is where the decoder
	// stopped if the body is compressed: the whole may be larger.
	Actual int64
	// Max is the value of the limit.
	Max int64
}

// Error names the limit, its value and what was found.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%v: %d %s, limit %s is %d", ErrTooLarge, e.Actual, e.What, e.Limit, e.Max)
}

// Unwrap makes the error match [ErrTooLarge].
func (e *LimitError) Unwrap() error { return ErrTooLarge }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, args...))
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}
