package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// invalid is the error of a request that is wrong in itself.
func invalid(format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, args...))
}

// unimplemented is the error of a request for what is not here.
func unimplemented(format string, args ...any) error {
	return connect.NewError(connect.CodeUnimplemented, fmt.Errorf(format, args...))
}

// intercept stands around every call. It refuses headers that cannot be read
// and turns errors into what the client may see of them.
func (h *Handler) intercept(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if _, err := parseAccept(req.Header()); err != nil {
			return nil, err
		}
		res, err := next(ctx, req)
		if err != nil {
			return nil, h.present(ctx, req.Header(), req.Spec().Procedure, err)
		}
		return res, nil
	}
}

// present returns the error that the client gets. A *connect.Error is made for
// clients; any other is of the inside and goes to the log.
func (h *Handler) present(ctx context.Context, header http.Header, path string, err error) error {
	if ce := new(connect.Error); errors.As(err, &ce) {
		return ce
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return connect.NewError(connect.CodeCanceled, errors.New("query was cancelled"))
	}
	if errors.Is(err, engine.ErrTooManyPoints) {
		return connect.NewError(connect.CodeResourceExhausted, fmt.Errorf(
			"%w, more than %d points: use a longer step, group by fewer labels, or select fewer series", err, engine.MaxPoints))
	}
	var tenants []profile.TenantID
	if ids, err := h.tenants.Tenants(header); err == nil {
		tenants = ids
	}
	attrs := []slog.Attr{
		slog.String(telemetry.KeyTenant, joinTenants(tenants)),
		slog.String(telemetry.KeyPath, path), telemetry.Err(err),
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		h.Log.LogAttrs(ctx, slog.LevelWarn, "query ran out of time", attrs...)
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("query was not answered in time; ask for a shorter time range or fewer series"))
	}
	h.Log.LogAttrs(ctx, slog.LevelError, "query failed", attrs...)
	message := "internal error"
	if id := telemetry.RequestID(ctx); id != "" {
		message += " (request id " + id + ")"
	}
	return connect.NewError(connect.CodeInternal, errors.New(message))
}
