package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/aws/aws-lambda-go/events"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Limits of an HTTP API, none of which AWS raises. The limit of the event is
// [lambdahost.MaxPayloadBytes].
const (
	MaxBodyBytes = 10 << 20         // of a request
	MaxHeadBytes = 10_240           // of the request line and the headers together
	Timeout      = 30 * time.Second // of a function
)

// keptBufferBytes is the largest buffer that is kept for the next request.
const keptBufferBytes = 1 << 20

// Options of a gateway. The zero value is usable.
type Options struct {
	Logger *slog.Logger     // for functions that fail or hang; nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

// New returns a handler that serves requests by the routes' functions. It
// fails if a key is malformed or given twice.
//
// A function's context ends after [Timeout] or when the client goes away. The
// latter does not happen on AWS, where a function runs to its end.
func New(routes []Route, o Options) (http.Handler, error) {
	router, err := newRouter(routes)
	if err != nil {
		return nil, fmt.Errorf("make gateway: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &gateway{router: router, log: o.Logger, now: o.Now}
	g.buffers.New = func() any { return new(bytes.Buffer) }
	return g, nil
}

type gateway struct {
	router  *router
	log     *slog.Logger
	now     func() time.Time
	buffers sync.Pool // of *bytes.Buffer, for bodies of requests
}

// ServeHTTP implements [http.Handler].
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, variables := g.router.find(r.Method, rawPath(r))
	if route == nil {
		writeMessage(w, http.StatusNotFound)
		return
	}
	e, refused := g.accept(w, r)
	if refused != nil {
		connecterr.WriteStatus(w, refused.status, connect.CodeInvalidArgument, refused.message)
		return
	}
	e.RouteKey, e.RequestContext.RouteKey, e.PathParameters = route.Key, route.Key, variables
	g.respond(w, r, g.invoke(r.Context(), route, e))
}

// refusal is why a request does not become an event. Its code is always
// invalid_argument, by which clients know that sending again is no use.
type refusal struct {
	status  int
	message string
}

// accept reads the request within the limits.
func (g *gateway) accept(w http.ResponseWriter, r *http.Request) (e events.APIGatewayV2HTTPRequest, _ *refusal) {
	if n := headBytes(r); n > MaxHeadBytes {
		return e, &refusal{http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf(
			"the request line and headers of %d bytes are more than API Gateway takes (%d): "+
				"send fewer or shorter labels", n, MaxHeadBytes)}
	}
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf(
		"the body is larger than API Gateway takes (%d bytes): send fewer profiles at once, "+
			"profile for a shorter time, or upload it first (POST /upload)", MaxBodyBytes)}
	if r.ContentLength > MaxBodyBytes {
		w.Header().Set("Connection", "close") // what follows is not worth reading
		return e, tooLarge
	}
	buffer := g.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= keptBufferBytes {
			buffer.Reset()
			g.buffers.Put(buffer)
		}
	}()
	r.Body = http.MaxBytesReader(w, r.Body, MaxBodyBytes)
	if err := readBody(r, buffer); err != nil {
		if over := new(http.MaxBytesError); errors.As(err, &over) {
			return e, tooLarge
		}
		return e, &refusal{http.StatusBadRequest, "the body ended early"}
	}
	e = newEvent(r, buffer.Bytes(), g.now())
	size := lambdahost.PayloadBytes(e, len(e.Body), e.IsBase64Encoded)
	if size > lambdahost.MaxPayloadBytes {
		return e, &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf(
			"the body of %d bytes makes an event of %d bytes, more than AWS Lambda takes (%d): "+
				"send at most 4.5 MB at once, or upload it first (POST /upload)", buffer.Len(), size, lambdahost.MaxPayloadBytes)}
	}
	return e, nil
}

// outcome is a function's answer, or the status of the gateway's own if there
// is none.
type outcome struct {
	response events.APIGatewayV2HTTPResponse
	status   int
}

// invoke runs the function, at most for [Timeout]: one that heeds its context
// no better than that is left to itself, as on AWS.
func (g *gateway) invoke(ctx context.Context, route *Route, e events.APIGatewayV2HTTPRequest) outcome {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	timer := time.NewTimer(Timeout)
	defer timer.Stop()
	done := make(chan outcome, 1)
	go func() {
		o := outcome{status: http.StatusInternalServerError} // if the function ends its goroutine
		defer func() {
			cancel()
			done <- o
		}()
		o = g.call(ctx, route, e)
	}()
	select {
	case o := <-done:
		return o
	case <-timer.C:
		g.log.ErrorContext(ctx, "function timed out", telemetry.KeyPath, e.RawPath,
			telemetry.KeyRequestID, e.RequestContext.RequestID)
		return outcome{status: http.StatusServiceUnavailable}
	}
}

func (g *gateway) call(ctx context.Context, route *Route, e events.APIGatewayV2HTTPRequest) (o outcome) {
	defer func() {
		if p := recover(); p != nil {
			g.log.ErrorContext(ctx, "function panicked", telemetry.KeyPath, e.RawPath,
				telemetry.KeyRequestID, e.RequestContext.RequestID,
				telemetry.KeyErr, p, telemetry.KeyStack, string(debug.Stack()))
			o = outcome{status: http.StatusInternalServerError}
		}
	}()
	response, err := route.Function(ctx, e)
	if err != nil {
		g.log.ErrorContext(ctx, "function failed", telemetry.KeyPath, e.RawPath,
			telemetry.KeyRequestID, e.RequestContext.RequestID, telemetry.KeyErr, err)
		return outcome{status: http.StatusInternalServerError}
	}
	return outcome{response: response}
}

// respond writes the function's answer.
func (g *gateway) respond(w http.ResponseWriter, r *http.Request, o outcome) {
	if o.status != 0 {
		writeMessage(w, o.status)
		return
	}
	body, err := responseBody(&o.response)
	if err != nil {
		g.log.ErrorContext(r.Context(), "function gave a bad answer",
			telemetry.KeyPath, r.URL.Path, telemetry.KeyErr, err)
		writeMessage(w, http.StatusInternalServerError)
		return
	}
	header := w.Header()
	if len(body) > 0 {
		// The real gateway takes a body without a type for text; net/http's
		// guess would hide a handler that forgets it.
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	for name, value := range o.response.Headers {
		header.Set(name, value)
	}
	for _, cookie := range o.response.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	w.WriteHeader(o.response.StatusCode)
	_, _ = w.Write(body) // an error means that the client is gone
}

// responseBody checks and decodes an answer.
func responseBody(response *events.APIGatewayV2HTTPResponse) ([]byte, error) {
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return nil, fmt.Errorf("status %d is none", response.StatusCode)
	}
	size := lambdahost.PayloadBytes(response, len(response.Body), response.IsBase64Encoded)
	if size > lambdahost.MaxPayloadBytes {
		return nil, fmt.Errorf("%d bytes are more than Lambda returns (%d)", size, lambdahost.MaxPayloadBytes)
	}
	if !response.IsBase64Encoded {
		return []byte(response.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(response.Body)
	if err != nil {
		return nil, fmt.Errorf("decode the body: %w", err)
	}
	return body, nil
}

// writeMessage answers as the real gateway does by itself.
func writeMessage(w http.ResponseWriter, status int) {
	body := fmt.Sprintf(`{"message":%q}`, http.StatusText(status))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
