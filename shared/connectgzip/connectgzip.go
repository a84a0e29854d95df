// Package connectgzip is gzip for Connect handlers by a faster implementation
// than the one they have by default.
package connectgzip

import (
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
)

// level is the fastest: what is saved on the wire by a better one takes longer
// to compute than to send.
const level = gzip.BestSpeed

// WithGzip makes a handler read and write gzip with it.
func WithGzip() connect.HandlerOption {
	return connect.WithCompression("gzip",
		func() connect.Decompressor { return new(gzip.Reader) },
		func() connect.Compressor {
			// Only a level that does not exist is an error.
			w, _ := gzip.NewWriterLevel(io.Discard, level)
			return w
		},
	)
}
