// Package jfr reads recordings of the Java Flight Recorder (JFR, version 2), as
// the JDK and async-profiler write them: events as numbers, and of the constants
// that events refer to those that profiles need, which are stack traces, methods
// and the states of threads.
//
// A recording is a sequence of chunks. Each describes its own classes, the
// layout of its events and constants, in a metadata event, and has its own
// constant pools, in checkpoint events that are chained backwards. Nothing of
// one chunk means anything in another. Constants are found, not decoded, when a
// chunk is opened; they are decoded when somebody asks for them.
//
// The format is not specified but by its implementations; what is read here is
// what jdk.jfr.internal.consumer of OpenJDK reads.
//
// Recordings come from outside. Whatever they hold, reading takes time and
// memory in proportion to their size: counts are believed only as far as there
// are bytes for them, checkpoints may not overlap, and layouts are limited in
// size and depth.
package jfr

import (
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by every error of this package.
var ErrMalformed = errors.New("malformed JFR recording")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
