// Package emulators runs the suites of the AWS adapters against emulators of
// AWS that are other programs. It is all tests:
//
//	make test-emulators
//
// installs and starts the emulators and runs them. Without it only versitygw is
// run, which the test builds by itself, and the others say that they were left
// out; with it an emulator that is missing is a failure.
//
// No emulator is quite like AWS. The table in deviations_test.go lists the tests
// of the suites that an emulator is known to fail, and these must fail: one that
// passes has to be taken off the list.
//
// Another suite is one more call of onEach with the emulators to run it on.
package emulators
