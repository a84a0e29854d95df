package runtimeapi

import (
	"encoding/json"
	"fmt"
	"time"
)

// MaxPayloadBytes is the largest event and answer of a synchronous invocation,
// MaxEventBytes the largest event of an asynchronous one.
const (
	MaxPayloadBytes = 6_291_556
	MaxEventBytes   = 1 << 20
)

// Unhandled is the FunctionError of a [Result] whose function failed, in
// whatever way: Lambda has given up telling them apart.
const Unhandled = "Unhandled"

// Types of errors that the host reports in the place of a function, as Lambda
// calls them.
const (
	TypeExit             = "Runtime.ExitError" // the process ended: exit, kill or lack of memory
	TypeTimeout          = "Sandbox.Timedout"  // the deadline passed
	TypeResponseTooLarge = "Function.ResponseSizeTooLarge"
	TypeInit             = "Runtime.InitError" // the process said that it cannot start, and not why
)

// Result is what an invocation came to.
type Result struct {
	RequestID string
	// Payload is the function's answer, or an [Error] in JSON.
	Payload []byte
	// FunctionError is empty or [Unhandled].
	FunctionError string
	// LogTail is the end of what the function wrote meanwhile, 4 KiB at most.
	// It may lack what came last.
	LogTail []byte
	// ColdStart reports whether an environment was started for the event.
	ColdStart bool
	// Init is how long the start of the environment took, if it was started,
	// and Duration how long the invocation took after that.
	Init, Duration time.Duration
	// PeakMemory is the most that the environment has had in its life, in
	// bytes; 0 where that cannot be found out.
	PeakMemory int64
}

// Error is how functions and Lambda describe a failure.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// Error implements error.
func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Err returns the failure of the function, or nil.
func (r Result) Err() error {
	if r.FunctionError == "" {
		return nil
	}
	e := new(Error)
	if err := json.Unmarshal(r.Payload, e); err != nil {
		return fmt.Errorf("the function failed with %q", r.Payload)
	}
	return e
}

// fail makes r that of a failure. Messages of Lambda begin with the request.
func (r *Result) fail(kind, format string, args ...any) {
	message := fmt.Sprintf("RequestId: %s Error: ", r.RequestID) + fmt.Sprintf(format, args...)
	r.FunctionError = Unhandled
	r.Payload, _ = json.Marshal(Error{Type: kind, Message: message}) // two strings: cannot fail
}
