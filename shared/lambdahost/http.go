package lambdahost

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"connectrpc.com/connect"
	"github.com/aws/aws-lambda-go/events"

	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// HTTPFunc is a Lambda function behind an API Gateway HTTP API with payload
// format 2.0.
type HTTPFunc func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// HTTP makes a Lambda function of an HTTP handler. The function's error is
// always nil: whatever goes wrong is answered.
//
// The handler's context ends a margin before Lambda's deadline and carries the
// invocation (package telemetry). Repeated slashes of the path are one. A
// panic is answered with 500 and the request id. An answer too large for
// Lambda becomes 413 with the code resource_exhausted.
func HTTP(handler http.Handler, o Options) HTTPFunc {
	h := newHost(o)
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		inner, i := h.begin(ctx, e.RequestContext.RequestID)
		request, err := newRequest(inner, &e)
		if err != nil {
			response := errorResponse(http.StatusBadRequest, connect.CodeInvalidArgument, err.Error())
			i.endHTTP(inner, &e, 0, response.StatusCode, len(response.Body))
			return response, nil
		}
		response, bodyBytes := i.serve(handler, request)
		i.endHTTP(inner, &e, request.ContentLength, response.StatusCode, bodyBytes)
		return response, nil
	}
}

// serve runs the handler; it also returns the size of the answer's body.
func (i *invocation) serve(handler http.Handler, r *http.Request) (
	response events.APIGatewayV2HTTPResponse, bodyBytes int,
) {
	defer func() {
		if p := recover(); p != nil {
			i.logPanic(r.Context(), p)
			response = errorResponse(http.StatusInternalServerError, connect.CodeInternal,
				"internal error; see the log of request "+i.requestID)
			bodyBytes = len(response.Body)
		}
	}()
	recorder := newRecorder()
	handler.ServeHTTP(recorder, r)
	response = recorder.event(r.Method)
	bodyBytes = recorder.body.Len()
	return checkSize(response, bodyBytes), bodyBytes
}

func (i *invocation) logPanic(ctx context.Context, p any) {
	i.host.Logger.LogAttrs(ctx, slog.LevelError, "handler panicked",
		slog.Any(telemetry.KeyErr, p), slog.String(telemetry.KeyStack, string(debug.Stack())))
}

func (i *invocation) endHTTP(
	ctx context.Context, e *events.APIGatewayV2HTTPRequest, bytesIn int64, status, bytesOut int,
) {
	level := slog.LevelInfo
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		i.metrics.Add(telemetry.MetricBusyErrors, 1)
		level = slog.LevelWarn
	case status >= 500 && status != http.StatusNotImplemented: // 501 is about what the client asked for
		i.metrics.Add(telemetry.MetricServerErrors, 1)
		level = slog.LevelError
	case status >= 400:
		i.metrics.Add(telemetry.MetricCallerErrors, 1)
	}
	i.end(ctx, level, "request served",
		slog.String(telemetry.KeyMethod, e.RequestContext.HTTP.Method),
		slog.String(telemetry.KeyPath, e.RawPath),
		slog.Int(telemetry.KeyStatus, status),
		slog.Int64(telemetry.KeyBytesIn, bytesIn),
		slog.Int(telemetry.KeyBytesOut, bytesOut))
}
