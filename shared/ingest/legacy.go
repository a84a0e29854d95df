package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// serveIngest is the HTTP API of the language SDKs: one profile a request, its
// labels in the parameter name. Success is 200 with an empty body, and nothing
// else will do: the Go SDK takes even 202 for a failure.
//
// Unlike in Connect, an unfit profile has the status 422 and the code unknown,
// as in Pyroscope; clients do not send it again.
func (h *Handler) serveIngest(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := h.ingest(w, r); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// statusError is an answer whose status is not the one that Connect gives the
// code.
type statusError struct {
	status  int
	code    connect.Code
	message string
}

func (e *statusError) Error() string { return e.message }

// unfit is the answer to a profile that cannot be stored.
func unfit(message string) error {
	return &statusError{http.StatusUnprocessableEntity, connect.CodeUnknown, message}
}

// ingest stores the profile of a request. The error is a *statusError or a
// *connect.Error.
func (h *Handler) ingest(w http.ResponseWriter, r *http.Request) error {
	tenant, err := h.tenants.Tenant(r.Header)
	if err != nil {
		return err
	}
	in := h.newIntake(r.Context(), tenant)
	params, err := parseParams(r.URL.RawQuery, in.now)
	if err != nil {
		return connect.NewError(connect.CodeInvalidArgument, err)
	}
	body, err := readBody(w, r, h.bodyLimit(in.limits))
	if err != nil || len(body) == 0 { // nothing sent, nothing to store
		return err
	}
	if err := in.spare(len(body)); err != nil {
		return err
	}
	if err := in.upload(params, r.Header.Get("Content-Type"), body); err != nil {
		return err
	}
	err = in.finish(r.Context())
	if connect.CodeOf(err) == connect.CodeInvalidArgument {
		return unfit(connecterr.Message(err))
	}
	return err
}

// upload takes in the profiles of a body.
func (in *intake) upload(p *params, contentType string, body []byte) error {
	format, boundary := chooseFormat(p.format, contentType)
	switch format {
	case formatPprof:
		return in.pprof(p, upload{profile: body})
	case formatForm:
		u, err := parseForm(body, boundary)
		if err != nil {
			return err
		}
		return in.pprof(p, u)
	case formatJFR:
		return in.jfr(p, contentType, body)
	default:
		return in.text(p, format, body)
	}
}

// upload is a pprof with what the client says of it.
type upload struct {
	profile     []byte
	sampleTypes map[string]sampleTypeConfig // nil if the client sent none
}

// sampleTypeConfig is what an SDK says of a sample type. Only how it is to be
// named matters; units and aggregation are those of the profile.
type sampleTypeConfig struct {
	DisplayName string `json:"display-name"`
}

// pprof takes in a pprof, if there is one.
func (in *intake) pprof(params *params, u upload) error {
	if len(u.profile) == 0 {
		return nil
	}
	decode := pprof.Decode
	if params.spy == "dotnetspy" {
		decode = pprof.DecodeDotnet
	}
	p, err := decode(u.profile, in.limits.Profile)
	if err != nil {
		ls, _ := in.limits.series(params.labels)
		in.total++
		in.refused.add(ls, err)
		return nil
	}
	in.decoded(params.seriesLabels(u, p), params.adjust(p))
	return nil
}

// readBody reads the whole body. Content-Encoding counts for nothing here, as
// in Pyroscope; profiles are compressed themselves.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(min(r.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge(limit)
	case err != nil:
		return nil, &statusError{http.StatusRequestTimeout, connect.CodeUnknown, errEndedEarly.Error()}
	}
	return buf.Bytes(), nil
}

// errTooLarge is the answer to a body that is too large.
func errTooLarge(limit int64) error {
	return &statusError{http.StatusRequestEntityTooLarge, connect.CodeInvalidArgument, fmt.Sprintf("request is larger than %d bytes", limit)}
}
