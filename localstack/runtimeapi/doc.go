// Package runtimeapi runs Lambda functions on this machine: the very bootstrap
// binaries that are deployed, as processes that speak the Lambda Runtime API.
//
// A [Host] has functions and starts an environment, which is one process, when
// an event comes and none is free; an environment has one event at a time and
// is ended when it has been idle for long. A function is invoked by [Host.Invoke],
// by the Invoke API that an AWS SDK speaks ([Host.InvokeAPI]), by HTTP requests
// ([Host.HTTPFunction], for package gateway) or by a schedule ([Host.Every]).
//
// What goes wrong on Lambda goes wrong here: environments that are killed
// ([Host.Kill]), that exit, that do not answer before the deadline or take more
// memory than they have, answers that are too large, and too many events at
// once. What differs: an idle environment is not frozen, memory is looked at
// every 20 milliseconds and on Linux only, CPU is not limited to the share that
// Lambda gives for the memory, and there are no permissions.
//
// Lambda does not set GOMEMLIMIT. Our deployment does, to 90 % of the memory of
// the function, and so does this package unless the function's own variables
// say otherwise: Go's collector then works harder near the limit where it would
// be killed.
package runtimeapi
