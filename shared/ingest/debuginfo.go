package ingest

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	debuginfov1alpha1 "github.com/grafana/pyroscope/api/gen/proto/go/debuginfo/v1alpha1"
	"github.com/grafana/pyroscope/api/gen/proto/go/debuginfo/v1alpha1/debuginfov1alpha1connect"
)

// debuginfoService answers eBPF profilers that ask, for every binary they see,
// whether they should send its symbols. They should not; the other calls are
// unimplemented.
type debuginfoService struct {
	debuginfov1alpha1connect.UnimplementedDebuginfoServiceHandler
	h *Handler
}

func newDebuginfoHandler(h *Handler) http.Handler {
	limit := h.settings.MaxBodyBytes
	_, serve := debuginfov1alpha1connect.NewDebuginfoServiceHandler(debuginfoService{h: h},
		connect.WithReadMaxBytes(int(limit)), withLimitedGzip(limit))
	return h.limitBody(serve)
}

// ShouldInitiateUpload implements debuginfov1alpha1connect.DebuginfoServiceHandler.
func (s debuginfoService) ShouldInitiateUpload(_ context.Context, req *connect.Request[debuginfov1alpha1.ShouldInitiateUploadRequest]) (*connect.Response[debuginfov1alpha1.ShouldInitiateUploadResponse], error) {
	if _, err := s.h.tenants.Tenant(req.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&debuginfov1alpha1.ShouldInitiateUploadResponse{
		Reason: "symbols are not stored here: profiles are to be symbolized by the profiler",
	}), nil
}
