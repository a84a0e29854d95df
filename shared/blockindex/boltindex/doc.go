// Package boltindex is the embedded adapter of blockindex: rows in one bbolt
// file, which one process at a time may have open.
//
// How the guarantees are met:
//
//   - Durability: Insert and Delete return after the commit of a bbolt
//     transaction, which fsyncs the file. Concurrent Inserts share one.
//   - Consistency and replacement: each call is one transaction; readers see a
//     snapshot of all that was committed before. Find passes what it reads to
//     blockindex.WithoutReplaced.
//   - Fencing: the transaction of an Insert looks at all sources and notes with
//     each who took it.
//   - Tenancy: each tenant has a bucket of its own, and a call opens that of
//     its tenant only.
//   - Cancellation: contexts are looked at before a transaction and while rows
//     are read; a commit that has begun is waited for.
//
// In the file are, for each tenant that has rows, under "tenants":
//
//	time    MinTime, id                  →  the row; see encode.go
//	id      id                           →  MinTime, id of the row that took it
//
// Times are big endian, so that the order of keys is that of times. Find reads
// "time" from MaxSpan before the start of its range to its end, All reads all of
// it.
package boltindex
