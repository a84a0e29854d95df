// Package stack is Pyrocumulus as it is deployed, on this machine: the real
// bootstraps of all functions on package runtimeapi, and S3, SQS and DynamoDB by
// emulators. It makes the resources, says how much memory and time each function
// has, binds routes to functions and ticks the schedules, all of which the
// deployment does on AWS.
package stack
