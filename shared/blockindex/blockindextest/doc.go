// Package blockindextest is what tests need of the block index: [Run], the
// suite that every adapter passes; [Mem], an index in memory; and [Faults],
// which makes chosen calls fail.
package blockindextest
