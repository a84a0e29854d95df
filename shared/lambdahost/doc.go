// Package lambdahost runs our handlers inside AWS Lambda: it turns the events
// of API Gateway, EventBridge Scheduler and SQS into an *http.Request or a plain
// call, and answers into what AWS wants back.
//
// It also does what every invocation needs and no handler should repeat:
// request id, deadline, one wide log line, metrics, and panics that neither
// kill the process nor reach the client. It knows nothing of profiles.
//
// On a laptop the same handlers run behind package gateway, which makes the
// same events.
package lambdahost
