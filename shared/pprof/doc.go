// Package pprof reads, cleans, splits and writes pprof profiles
// (perftools.profiles.Profile of google/pprof's profile.proto).
//
// It works on the protobuf wire form by itself, since every profile pushed
// passes through it: a decoded profile is a dozen flat slices and one backing
// string, whatever its size. What a body can make the package allocate is
// bounded by a small multiple of its uncompressed size, which [Limits] bound
// in turn.
//
// The usual way of a pushed profile is [Decode], [Profile.Normalize],
// [Profile.SplitByLabels] and [Profile.AppendEncode].
package pprof
