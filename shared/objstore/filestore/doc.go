// Package filestore is the embedded adapter of objstore: objects are files in
// a directory, which several processes of one machine may use at once.
//
// How the guarantees are met:
//
//   - Durability: Put writes a temporary file, fsyncs it, links it to its name
//     and fsyncs the directory of that name and all directories above it. All,
//     since another process may have made one of them a moment ago and not yet
//     fsynced it. Delete fsyncs the directory it took the name from.
//   - Atomicity and immutability: link(2) gives a complete file its name, and
//     fails if the name is taken. Files are never written after that.
//   - Consistency: every call looks at the directory; nothing is kept in memory.
//   - Unknown outcome: a Put or Delete called again finds what the first left,
//     and fsyncs it before it succeeds.
//   - Cancellation: contexts are looked at between steps and between chunks of
//     a large object.
//
// What is in the directory:
//
//	lock      locked (flock) shared by every open Store
//	tmp/      files that are being put
//	objects/  the objects; see path.go for their names
//
// A crash may leave files in tmp/. Open removes them if no other Store has the
// directory open. Directories under objects/ that a crash left empty do no harm.
//
// The system must be a Unix (flock, fsync of directories) and the file system
// must have hard links.
package filestore
