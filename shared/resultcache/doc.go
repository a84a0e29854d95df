// Package resultcache keeps the answers to tasks about slices of time, so that a
// query of the last hours that comes again and again computes only the edges of
// its time.
//
// The time of a task is cut at aligned boundaries (slices.go) into two edges and
// slices between them. The report of a slice, before anything of it is cut off
// for a client, is an object of the store; so is the sum of all slices of a
// task, which saves merging them each time. When something is asked for the
// first time only the sum is made, at once: most questions are never asked again.
//
// Nothing has to be known of how late profiles may come, of retention, or of
// deletions: the name of a result is a hash over what it was computed from, the
// task and every block (and dataset of it) that has something of the slice.
// When a late profile comes, or blocks are merged, or something is deleted, the
// slice has other blocks, so that it has another name, and is computed anew.
// Merging happens a few times in a block's life, within hours. Slices that ended
// a moment ago are not kept, for they change with every segment. What lies
// between the last slice and about now is kept in memory, by the minute and under
// names of the same kind (recent.go).
//
// So an answer with the cache is that without it, byte by byte. What goes wrong
// with the cache is logged and passed by: it costs time, never an answer.
package resultcache
