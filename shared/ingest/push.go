package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// pushService is push.v1.PusherService, which Alloy and the newer SDKs use.
type pushService struct{ h *Handler }

func newPushHandler(h *Handler) http.Handler {
	limit := h.settings.MaxBodyBytes
	_, serve := pushv1connect.NewPusherServiceHandler(pushService{h},
		connect.WithReadMaxBytes(int(limit)), withLimitedGzip(limit))
	return h.limitBody(serve)
}

// Push implements pushv1connect.PusherServiceHandler. Whatever is wrong with
// the request is invalid_argument, after which Alloy does not try again.
func (s pushService) Push(ctx context.Context, req *connect.Request[pushv1.PushRequest]) (*connect.Response[pushv1.PushResponse], error) {
	tenant, err := s.h.tenants.Tenant(req.Header())
	if err != nil {
		return nil, err
	}
	in := s.h.newIntake(ctx, tenant)
	if err := in.spare(rawBytes(req.Msg)); err != nil {
		return nil, err
	}
	for _, series := range req.Msg.Series {
		raw := make([][]byte, 0, len(series.GetSamples()))
		for _, sample := range series.GetSamples() {
			// The ID of a sample is the client's; profiles get one of ours.
			raw = append(raw, sample.GetRawProfile())
			if sample != nil {
				sample.RawProfile = nil // in.series drops it as soon as it is decoded
			}
		}
		in.series(pushedLabels(series), raw)
		if ctx.Err() != nil {
			return nil, errNotStored(ctx)
		}
	}
	if in.total == 0 {
		return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("no profiles received"))
	}
	if err := in.finish(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&pushv1.PushResponse{}), nil
}

// rawBytes is the size of the profiles of a request as they were sent.
func rawBytes(m *pushv1.PushRequest) int {
	n := 0
	for _, series := range m.GetSeries() {
		for _, sample := range series.GetSamples() {
			n += len(sample.GetRawProfile())
		}
	}
	return n
}

func pushedLabels(series *pushv1.RawProfileSeries) profile.Labels {
	ls := make(profile.Labels, 0, len(series.GetLabels()))
	for _, l := range series.GetLabels() {
		ls = append(ls, profile.Label{Name: l.GetName(), Value: l.GetValue()})
	}
	return ls
}

func errBodyTooLarge(limit int64) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("request is larger than %d bytes", limit))
}
