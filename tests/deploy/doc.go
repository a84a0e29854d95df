// Package deploy runs the commands of infra/README.md and localstack/README.md as
// they stand there, one after the other, as a user does: in a fresh clone, by the
// real CDK and AWS CLI, against emulators of AWS. Between them it looks at what
// came into being: profiles are pushed to the endpoint that the stack prints,
// stored, merged, and asked for. It is all tests:
//
//	make test-emulators
//
// starts the emulators and runs them. A block of commands that is added to one of
// the documents fails [claims] in `make test` until a test here runs it. What is
// not as in an AWS account is in differences() (the environment of the commands),
// in scripts/emulators/ministack/mended.py (the emulator), and in
// localstack/README.md (what nobody tests).
package deploy
