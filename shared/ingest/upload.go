package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/uploads"
)

// HeaderUpload names, in a request of any endpoint that has no body, the upload
// whose content is to be taken for it.
const HeaderUpload = "X-Pyrocumulus-Upload"

// pathUpload is where a client asks for a place for a large body:
//
//	POST /upload                      {"size": 12345678}
//	200                               {"id": "…", "method": "PUT", "url": "…", "headers": {…}, "expires": "…"}
//	PUT  url                          the body
//	POST /ingest?name=app&format=jfr  and the other headers that the request would have had,
//	                                  with X-Pyrocumulus-Upload: id and no body
//
// The last one may be sent again, as any push; the body waits for a day.
const pathUpload = "/upload"

// Uploads keeps large bodies.
type Uploads struct {
	Presign objstore.Presigner
	Store   objstore.Reader
}

// uploadPlace is the answer to a request for a place.
type uploadPlace struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Expires time.Time         `json:"expires"`
}

func (h *Handler) serveUpload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	place, err := h.uploadPlace(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(place) // the client is gone if it fails
}

func (h *Handler) uploadPlace(w http.ResponseWriter, r *http.Request) (*uploadPlace, error) {
	if h.Uploads == nil {
		return nil, connect.NewError(connect.CodeUnimplemented, errors.New("large uploads are not set up here"))
	}
	tenant, err := h.tenants.Tenant(r.Header)
	if err != nil {
		return nil, err
	}
	var asked struct {
		Size int64 `json:"size"`
	}
	body, err := readBody(w, r, 4<<10)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &asked); err != nil || asked.Size <= 0 {
		return nil, connect.NewError(connect.CodeInvalidArgument, errors.New(`the body must say how many bytes are to be uploaded: {"size": 12345678}`))
	}
	in := h.newIntake(r.Context(), tenant)
	if limit := h.bodyLimit(in.limits); asked.Size > limit {
		return nil, errTooLarge(limit)
	}
	if err := in.spare(int(asked.Size)); err != nil {
		return nil, err
	}
	id := uploads.NewID()
	put, err := h.Uploads.Presign.PresignPut(r.Context(), uploads.Key(tenant, id), asked.Size, uploads.Validity)
	if err != nil {
		h.Log.LogAttrs(r.Context(), slog.LevelError, "upload not presigned", slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
		return nil, errNotStored(r.Context())
	}
	if strings.HasPrefix(put.URL, "/") {
		put.URL = "http://" + r.Host + put.URL
	}
	return &uploadPlace{id, http.MethodPut, put.URL, put.Header, in.now.Add(uploads.Validity).UTC()}, nil
}

// withUpload gives a request the body that was uploaded for it.
func (h *Handler) withUpload(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	if h.Uploads == nil {
		return nil, connect.NewError(connect.CodeUnimplemented, errors.New("large uploads are not set up here"))
	}
	tenant, err := h.tenants.Tenant(r.Header)
	if err != nil {
		return nil, err
	}
	id := r.Header.Get(HeaderUpload)
	if !uploads.IsID(id) {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("%s: %q is not the id of an upload", HeaderUpload, cut(id, 40)))
	}
	if sent, err := readBody(w, r, 1); err != nil || len(sent) > 0 {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("a request with %s has no body of its own", HeaderUpload))
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.settings.SendTimeout)
	defer cancel()
	body, err := h.Uploads.Store.Get(ctx, uploads.Key(tenant, id))
	if errors.Is(err, objstore.ErrNotExist) {
		return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("nothing was uploaded as %s, or it was more than %s ago", id, uploads.MaxAge))
	}
	if err != nil {
		h.Log.LogAttrs(r.Context(), slog.LevelError, "upload not read", slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
		return nil, errNotStored(r.Context())
	}
	again := *r
	again.Header = r.Header.Clone()
	again.Header.Del(HeaderUpload)
	again.Header.Del("Content-Length")
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return &again, nil
}

// writeError answers with a *statusError or a *connect.Error.
func writeError(w http.ResponseWriter, err error) {
	if answer := new(statusError); errors.As(err, &answer) {
		connecterr.WriteStatus(w, answer.status, answer.code, answer.message)
		return
	}
	connecterr.Write(w, err)
}
