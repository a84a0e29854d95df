// Package block is the object format: what a segment or a compacted block
// holds, how it is written, merged and read. FORMAT.md beside this file
// describes it for readers of the data.
//
// A block belongs to one tenant. Inside it a dataset is what one service sent;
// symbols (stack traces, locations, functions, mappings) are stored once for
// each dataset. Profiles of one dataset and kind (name, period and sample
// types of a pprof) lie together.
//
// The package does no I/O but through the [objstore.Reader] that it is handed,
// and reads no clock.
package block
