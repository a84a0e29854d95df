// Package lambda sends profiles through the bootstraps that are deployed, run as
// Lambda runs them (localstack/runtimeapi), with emulators of S3, SQS and
// DynamoDB, and reads them back. Meanwhile functions are killed, stopped and
// starved at the worst moments: every profile that was acknowledged must be
// counted once. It is all tests:
//
//	make test-emulators
//
// starts the emulators and runs them.
package lambda
