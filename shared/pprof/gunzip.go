package pprof

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// minInflated is the first size of a buffer for inflated bytes.
const minInflated = 64 << 10

// keepInflated is the largest buffer that goes back to the pool: the default
// limit, so that one huge profile does not hold its memory for ever.
const keepInflated = 4<<20 + 1

// inflater unpacks gzip into a buffer of its own, both used again and again.
type inflater struct {
	source bytes.Reader
	gzip   gzip.Reader
	buf    []byte
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

func isGzip(data []byte) bool {
	return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b
}

// inflate returns data uncompressed. The result is valid until the inflater
// is released. It never reads more than one byte beyond the limit.
func (f *inflater) inflate(data []byte, limits Limits) ([]byte, error) {
	f.source.Reset(data)
	if err := f.gzip.Reset(&f.source); err != nil {
		return nil, malformed("read gzip header: %w", noEOF(err))
	}
	enough := limits.maxBytes() + 1
	buf := f.buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = grown(buf, enough)
		}
		room := min(int64(cap(buf)), enough)
		n, err := f.gzip.Read(buf[len(buf):room])
		buf = buf[:len(buf)+n]
		f.buf = buf
		if limit := limits.checkBytes(int64(len(buf))); limit != nil {
			return nil, limit
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, malformed("unpack gzip: %w", noEOF(err))
		}
	}
}

// grown returns buf with more room, but no more than the limit lets be used.
func grown(buf []byte, enough int64) []byte {
	size := max(2*int64(cap(buf)), minInflated)
	if size > enough/3*2 {
		size = enough // rather than a little more the next time
	}
	return append(make([]byte, 0, size), buf...)
}

// noEOF tells an end in the middle from a regular one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// release gives the inflater back; what it returned must no longer be used.
func (f *inflater) release() {
	f.source.Reset(nil)
	if cap(f.buf) > keepInflated {
		f.buf = nil
	}
	inflaters.Put(f)
}
