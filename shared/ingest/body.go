package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
)

// limitBody limits the bodies that a Connect handler reads, such that one that
// is too large is the client's mistake (invalid_argument). Connect's own limit
// says resource_exhausted, and Alloy would send the request ten times.
func (h *Handler) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := h.settings.MaxBodyBytes
		if tenant, err := h.tenants.Tenant(r.Header); err == nil { // else next refuses it
			limit = h.bodyLimit(h.limitsOf(r.Context(), tenant))
		}
		r.Body = limitedBody{r.Body, &limitedReader{r: r.Body, left: limit, limit: limit}}
		next.ServeHTTP(w, r)
	})
}

type limitedBody struct {
	io.Closer
	*limitedReader
}

// Read implements io.Reader. A body that ends early is to be sent again; Connect
// would tell the client what went wrong, as an unknown error.
func (l limitedBody) Read(p []byte) (int, error) {
	n, err := l.limitedReader.Read(p)
	if tooLarge := new(connect.Error); err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &tooLarge) {
		return n, connect.NewError(connect.CodeUnavailable, errEndedEarly)
	}
	return n, err
}

var errEndedEarly = errors.New("request ended early")

// limitedReader fails once more than limit bytes were read. Connect passes its
// error on as it is.
type limitedReader struct {
	r           io.Reader
	left, limit int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errBodyTooLarge(l.limit)
	}
	return n, err
}

// withLimitedGzip makes a Connect handler take gzip, up to a limit after
// decompression, for the same reason as limitBody.
func withLimitedGzip(limit int64) connect.HandlerOption {
	return connect.WithCompression("gzip",
		func() connect.Decompressor { return &limitedGzip{limit: limit} },
		func() connect.Compressor { return gzip.NewWriter(io.Discard) })
}

type limitedGzip struct {
	gzip.Reader
	read, limit int64
}

// Reset implements connect.Decompressor.
func (g *limitedGzip) Reset(r io.Reader) error {
	g.read = 0
	return g.Reader.Reset(r)
}

// Read implements io.Reader.
func (g *limitedGzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if g.read += int64(n); g.read > g.limit {
		return 0, errBodyTooLarge(g.limit)
	}
	return n, err
}

// gunzip unpacks a body, up to a limit.
func gunzip(body []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("unpack gzip: %w", err))
	}
	plain, err := io.ReadAll(&limitedReader{r: r, left: limit, limit: limit})
	if ce := new(connect.Error); errors.As(err, &ce) {
		return nil, errTooLarge(limit)
	}
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("unpack gzip: %w", err))
	}
	return plain, nil
}
