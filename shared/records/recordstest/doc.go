// Package recordstest is what tests need of the record store: [Run], the suite
// that every adapter passes; [Mem], a store in memory; and [Faults], which makes
// chosen calls fail.
package recordstest
