// Package fanout divides queries over workers: it decides from the descriptions
// of blocks whether a task is answered here or by several workers (plan.go),
// asks those, tries late and failed ones once more, and merges the answers
// (run.go), and sees to it that no tenant keeps others waiting (turns.go).
//
// There is one level: what a worker is asked for it answers itself. Merging is
// associative and commutative, so how a task was divided does not show in what
// is answered.
//
// A block that was swept after the index was asked makes the query be planned
// once more. What is missing then, or could not be read, is told: by an error
// unless the caller takes partial answers.
package fanout
