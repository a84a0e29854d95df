// Package objstoretest is what tests need of the object store: [Run], the suite
// that every adapter passes; [Mem], a strict store in memory; [Faults], which
// makes chosen calls fail; and [Counting], which counts requests and bytes.
package objstoretest
