// Package profile is the vocabulary of the project: tenants, labels, series,
// profile types and profile ids, as the rest of the code and the users' tools
// name them.
//
// It does no I/O, reads no clock and imports nothing of ours.
package profile
