package runtimeapi

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of a [Function].
const (
	DefaultMemoryMiB   = 512
	DefaultTimeout     = 30 * time.Second
	DefaultConcurrency = 10
	DefaultIdleTimeout = 5 * time.Minute // Lambda does not say; minutes
	DefaultInitTimeout = 10 * time.Second
	DefaultEventAge    = time.Minute // Lambda's is 6 h
	DefaultRetryDelay  = time.Minute
)

// Function is a Lambda function. Zero values of numbers mean the defaults.
type Function struct {
	Name string // as in a function's ARN: letters, digits, - and _
	// Bootstrap is the path of the binary, built for this machine.
	Bootstrap string
	// Variables are the function's environment variables. They go before those
	// that the host sets. Nothing is inherited from this process.
	Variables map[string]string
	// MemoryMiB is how much memory an environment may use.
	MemoryMiB int
	// Timeout is how long an invocation may take after the start of its
	// environment.
	Timeout time.Duration
	// Concurrency is how many environments there may be, like reserved
	// concurrency: what comes when all are busy is throttled.
	Concurrency int
	// IdleTimeout is how long an environment is kept without an event.
	IdleTimeout time.Duration
	// InitTimeout is how long an environment may take until it asks for its
	// first event.
	InitTimeout time.Duration
	// EventAge is how long an asynchronous event waits for an environment.
	EventAge time.Duration
	// EventRetries is how often an asynchronous event is given to the function
	// again when that failed. Lambda's own default is 2, here it is none.
	EventRetries int
	// RetryDelay is the wait before the first retry; it doubles.
	RetryDelay time.Duration
}

func (f Function) withDefaults() Function {
	orDefault(&f.MemoryMiB, DefaultMemoryMiB)
	orDefault(&f.Timeout, DefaultTimeout)
	orDefault(&f.Concurrency, DefaultConcurrency)
	orDefault(&f.IdleTimeout, DefaultIdleTimeout)
	orDefault(&f.InitTimeout, DefaultInitTimeout)
	orDefault(&f.EventAge, DefaultEventAge)
	orDefault(&f.RetryDelay, DefaultRetryDelay)
	return f
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (f Function) check() error {
	switch {
	case f.Name == "":
		return errors.New("a function has no name")
	case f.Bootstrap == "":
		return fmt.Errorf("function %s has no bootstrap", f.Name)
	case f.MemoryMiB < 0 || f.Timeout < 0 || f.Concurrency < 0 || f.EventRetries < 0:
		return fmt.Errorf("function %s has a negative limit", f.Name)
	}
	return nil
}

// ARN is the function's name within AWS, of an account that is none.
func (f Function) ARN() string {
	return "arn:aws:lambda:" + f.region() + ":000000000000:function:" + f.Name
}

func (f Function) region() string {
	if r := f.Variables["AWS_REGION"]; r != "" {
		return r
	}
	return "us-east-1"
}
