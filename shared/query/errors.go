package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
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
		ctx, account, err := h.open(ctx, req.Header())
		if err != nil {
			return nil, err
		}
		res, err := next(ctx, req)
		if err != nil {
			err = h.present(ctx, req.Header(), req.Spec().Procedure, err)
			if ce := new(connect.Error); errors.As(err, &ce) {
				h.close(ctx, account, ce.Meta())
			}
			return nil, err
		}
		h.close(ctx, account, res.Header())
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
	if errors.Is(err, fanout.ErrBusy) {
		telemetry.MetricsFrom(ctx).Add(telemetry.MetricQueriesRefused, 1)
		return connect.NewError(connect.CodeResourceExhausted, errors.New("too many queries of this tenant are under way; ask again later"))
	}
	var tenants []profile.TenantID
	if ids, err := h.tenants.Tenants(header); err == nil {
		tenants = ids
	}
	attrs := []slog.Attr{
		slog.String(telemetry.KeyTenant, joinTenants(tenants)),
		slog.String(telemetry.KeyPath, path), telemetry.Err(err),
	}
	if missing := new(fanout.MissingError); errors.As(err, &missing) {
		if missing.Archived > 0 {
			h.Log.LogAttrs(ctx, slog.LevelWarn, "blocks are archived", attrs...)
			return archived(missing)
		}
		h.Log.LogAttrs(ctx, slog.LevelError, "blocks are missing", attrs...)
		return connect.NewError(codeOfMissing(missing), fmt.Errorf(
			"%d of %d blocks could not be read%s; ask again, or with the header %s: true for an answer without them",
			missing.Missing, missing.Blocks, inTime(missing), HeaderAllowPartial))
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

// archived says which time cannot be read, and what to do about it.
func archived(err *fanout.MissingError) error {
	at := func(nanos int64) string { return time.Unix(0, nanos).UTC().Format(time.RFC3339) }
	return connect.NewError(connect.CodeFailedPrecondition, fmt.Errorf(
		"profiles from %s to %s are archived (%d of %d blocks): ask for another time, have their objects restored (S3 RestoreObject) and ask again when they are, or ask with the header %s: true for an answer without them",
		at(err.From), at(err.To), err.Archived, err.Blocks, HeaderAllowPartial))
}

// codeOfMissing is deadline_exceeded if blocks are missing for want of time.
func codeOfMissing(err *fanout.MissingError) connect.Code {
	if errors.Is(err, context.DeadlineExceeded) {
		return connect.CodeDeadlineExceeded
	}
	return connect.CodeUnavailable
}

func inTime(err *fanout.MissingError) string {
	if codeOfMissing(err) == connect.CodeDeadlineExceeded {
		return " in time"
	}
	return ""
}
