// Package telemetry is how the functions speak about themselves: structured
// logs, the keys of their attributes, and metrics in CloudWatch's Embedded
// Metric Format.
//
// A host (package lambdahost) opens an [Invocation] for each request or event
// and puts it into the context; use cases only add to it: [Annotate] and
// [SetTenant] for the one wide log line at its end, [MetricsFrom] for the
// numbers. Nothing can be read back but the request id, so no decision can
// depend on it.
//
// It imports nothing of ours and only the standard library.
package telemetry
