package ingest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/otlp"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// serveOTLP takes profiles in by OTLP over HTTP. Success is 200, empty, of the
// type of protobuf also if JSON was sent, as in Pyroscope.
//
// Of errors the OpenTelemetry Collector sends again what is answered with 429,
// 502, 503 or 504; after any other status, also 500, the profiles are lost.
func (h *Handler) serveOTLP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch mediaType {
	case typeJSON, typeProtobuf, typeProtobufToo:
	default:
		refuseMedia(w, mediaType)
		return
	}
	if err := h.otlp(w, r, mediaType); err != nil {
		writeOTLPError(w, mediaType, err)
		return
	}
	w.Header().Set("Content-Type", typeProtobuf)
	w.WriteHeader(http.StatusOK)
}

// The media types of OTLP over HTTP.
const (
	typeJSON        = "application/json"
	typeProtobuf    = "application/x-protobuf"
	typeProtobufToo = "application/protobuf"
)

const adviceGRPC = "OTLP is taken over HTTP only, not over gRPC: use the exporter otlp_http (otlphttp before v0.144) of the OpenTelemetry Collector"

// refuseMedia answers a request of another media type. A gRPC client reads the
// answer from headers, under the status 200.
func refuseMedia(w http.ResponseWriter, mediaType string) {
	if mediaType == "application/grpc" || strings.HasPrefix(mediaType, "application/grpc+") {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "12") // unimplemented
		w.Header().Set("Grpc-Message", adviceGRPC)
		w.WriteHeader(http.StatusOK)
		return
	}
	if strings.HasPrefix(mediaType, "application/grpc") {
		http.Error(w, adviceGRPC, http.StatusUnsupportedMediaType)
		return
	}
	http.Error(w, fmt.Sprintf("the Content-Type must be %s or %s", typeProtobuf, typeJSON), http.StatusUnsupportedMediaType)
}

// otlp stores the profiles of a request. The error is a *statusError or a
// *connect.Error.
func (h *Handler) otlp(w http.ResponseWriter, r *http.Request, mediaType string) error {
	tenant, err := h.tenants.Tenant(r.Header)
	if err != nil {
		return err
	}
	in := h.newIntake(r.Context(), tenant)
	limit := min(h.bodyLimit(in.limits), otlp.MaxRequestBytes)
	body, err := readBody(w, r, limit)
	if err != nil {
		return err
	}
	if err := in.spare(len(body)); err != nil {
		return err
	}
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		if body, err = gunzip(body, limit); err != nil {
			return err
		}
	default:
		return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("the Content-Encoding %q is not known, use gzip", cut(encoding, 40)))
	}
	data, err := readOTLP(mediaType, body)
	if err != nil {
		return err
	}
	otlp.Each(data, in.limits.Profile, func(ls profile.Labels, p *pprof.Profile, err error) {
		if err != nil {
			in.total++
			in.refused.add(ls, err)
			return
		}
		in.decoded(ls, p)
	})
	return in.finish(r.Context())
}

func readOTLP(mediaType string, body []byte) (*profilespb.ProfilesData, error) {
	read := otlp.Read
	if mediaType == typeJSON {
		read = otlp.ReadJSON
	}
	data, err := read(body)
	switch {
	case errors.Is(err, pprof.ErrTooLarge):
		return nil, &statusError{http.StatusRequestEntityTooLarge, connect.CodeInvalidArgument, err.Error()}
	case err != nil:
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	return data, nil
}

// writeOTLPError answers with a google.rpc.Status, in the encoding of the
// request, as OTLP wants it. Connect's codes are those of gRPC.
func writeOTLPError(w http.ResponseWriter, mediaType string, err error) {
	code, message := connect.CodeOf(err), connecterr.Message(err)
	status := connecterr.Status(code)
	if answer := new(statusError); errors.As(err, &answer) {
		code, message, status = answer.code, answer.message, answer.status
	}
	if status == http.StatusInternalServerError {
		status = http.StatusServiceUnavailable // after 500 it would be lost
	}
	connecterr.SetRetryAfter(w, err)
	body := otlp.Status(int(code), message, mediaType == typeJSON)
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if it fails
}
