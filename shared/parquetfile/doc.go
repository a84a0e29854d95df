// Package parquetfile writes and reads the Parquet files that blocks are made
// of: flat files whose columns are all required, so that there are no
// repetition or definition levels, with zstd-compressed version 1 data pages
// that carry a checksum.
//
// What it writes is ordinary Parquet that any reader opens (the tests use
// DuckDB and parquet-go). What it reads are column chunks by their position in
// a file, without the footer: a block's table of contents says where they are.
// Encodings and the footer's Thrift form come from parquet-go; this package
// exists because a query decodes a few column chunks from each of hundreds of
// small files, where opening each as a file would cost more than the decoding.
//
// Specification: https://parquet.apache.org/docs/file-format/
package parquetfile
