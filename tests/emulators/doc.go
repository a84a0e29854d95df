// Package emulators runs the suites of the AWS adapters against emulators of
// AWS that are other programs: versitygw for S3, MiniStack for SQS and DynamoDB
// Local for DynamoDB. It is all tests:
//
//	make test-emulators
//
// installs and starts the emulators and runs them. Without it they say that
// they were left out; with it an emulator that is missing is a failure.
//
// No emulator is quite like AWS. localstack/README.md lists the tests of the
// suites that an emulator is known to fail, and these must fail: one that
// passes has to be taken off the list.
package emulators
