// Package deploy brings the synthesised CloudFormation template into an emulator
// of AWS (MiniStack), with the functions built for this machine, and sends
// profiles through what came into being: resources, roles, routes, schedules and
// variables are those of the template, not of a test. It is all tests:
//
//	make test-emulators
//
// starts the emulator and runs them. What is taken out of the template or changed
// in it, and why, is listed in changes().
package deploy
