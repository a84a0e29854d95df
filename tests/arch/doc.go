// Package arch keeps the code in the shape that ARCHITECTURE.md describes: who
// may import whom, who may look at the clock, how long files and functions
// are, and that documents name only paths that exist.
//
// It reads the sources itself, so that it also sees what the build leaves out.
// All of it is tests; to change a rule, change rules_test.go or limits_test.go
// and say why in the rule's text.
package arch
