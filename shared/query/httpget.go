package query

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The paths of the older HTTP interface, which is asked by GET.
const (
	pathRender      = "/pyroscope/render"
	pathRenderDiff  = "/pyroscope/render-diff"
	pathLabelValues = "/pyroscope/label-values"
)

// document is an answer of the older interface.
type document struct {
	contentType string
	body        []byte
}

// jsonDocument encodes an answer.
func jsonDocument(v any) (*document, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &document{"application/json", body}, nil
}

// serveGet answers a request of the older interface.
func (h *Handler) serveGet(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (*document, error)) {
	if !allowGet(w, r) {
		return
	}
	ctx, account, err := h.open(r.Context(), r.Header)
	r = r.WithContext(ctx)
	var d *document
	if err == nil {
		d, err = answer(r)
	}
	h.close(ctx, account, w.Header())
	if err != nil {
		err = h.present(r.Context(), r.Header, r.URL.Path, err)
		// As with Pyroscope: a tenant that is none is a bad request here.
		if connect.CodeOf(err) == connect.CodeUnauthenticated && !errors.Is(err, profile.ErrNoTenant) {
			err = connect.NewError(connect.CodeInvalidArgument, errors.New(connecterr.Message(err)))
		}
		connecterr.Write(w, err)
		return
	}
	w.Header().Set("Content-Type", d.contentType)
	w.Header().Set("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header) {
		w.Header().Set("Content-Length", strconv.Itoa(len(d.body)))
		_, _ = w.Write(d.body) // the client is gone if it fails
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(d.body)
	_ = z.Close()
}

// allowGet refuses methods other than GET and HEAD.
func allowGet(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	connecterr.WriteStatus(w, http.StatusMethodNotAllowed, connect.CodeUnimplemented, "method not allowed")
	return false
}

// acceptsGzip reports whether a client takes an answer that is compressed.
func acceptsGzip(header http.Header) bool {
	for _, value := range header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !ok || err == nil && weight > 0
		}
	}
	return false
}
