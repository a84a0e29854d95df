package runtimeapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Paths and headers of the Runtime API, version 2018-06-01.
const (
	pathRuntime    = "/2018-06-01/runtime/"
	headerID       = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline = "Lambda-Runtime-Deadline-Ms"
	headerARN      = "Lambda-Runtime-Invoked-Function-Arn"
	headerTrace    = "Lambda-Runtime-Trace-Id"
	headerType     = "Lambda-Runtime-Function-Error-Type"
)

// runtimeAPI is what the process of the environment speaks to.
func (e *environment) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathRuntime+"invocation/next", e.serveNext)
	mux.HandleFunc("POST "+pathRuntime+"invocation/{id}/response", e.serveResponse)
	mux.HandleFunc("POST "+pathRuntime+"invocation/{id}/error", e.serveError)
	mux.HandleFunc("POST "+pathRuntime+"init/error", e.serveInitError)
	return mux
}

func (e *environment) serveNext(w http.ResponseWriter, r *http.Request) {
	inv, err := e.next(r.Context())
	if err != nil {
		refuse(w, http.StatusForbidden, "InvalidState", err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set(headerID, inv.id)
	header.Set(headerDeadline, strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	header.Set(headerARN, e.function.ARN())
	header.Set(headerTrace, traceID(inv.id))
	_, _ = w.Write(inv.payload) // a process that is gone is noticed elsewhere
}

// traceID is a trace of X-Ray that is not recorded.
func traceID(id string) string {
	hex := make([]byte, 0, 32)
	for _, c := range []byte(id) {
		if c != '-' {
			hex = append(hex, c)
		}
	}
	return "Root=1-" + string(hex[:8]) + "-" + string(hex[8:32]) + ";Sampled=0"
}

func (e *environment) serveResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayloadBytes))
	if over := new(http.MaxBytesError); errors.As(err, &over) {
		_, _ = io.Copy(io.Discard, r.Body)
		e.accept(w, http.StatusRequestEntityTooLarge, e.answer(r.PathValue("id"), func(result *Result) {
			result.fail(TypeResponseTooLarge,
				"Response payload size exceeded maximum allowed payload size (%d bytes).", MaxPayloadBytes)
		}))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err)
		return
	}
	e.accept(w, http.StatusAccepted, e.answer(r.PathValue("id"), func(result *Result) { result.Payload = body }))
}

func (e *environment) serveError(w http.ResponseWriter, r *http.Request) {
	body, failure := readError(w, r)
	e.accept(w, http.StatusAccepted, e.answer(r.PathValue("id"), func(result *Result) {
		result.FunctionError, result.Payload = Unhandled, body
		if failure != nil {
			result.fail(failure.Type, "%s", failure.Message)
		}
	}))
}

func (e *environment) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, failure := readError(w, r)
	if failure == nil {
		failure = new(Error)
		_ = json.Unmarshal(body, failure) // readError has checked it
	}
	e.mu.Lock()
	e.initError = failure
	e.mu.Unlock()
	e.accept(w, http.StatusAccepted, nil)
}

// readError reads an error as a runtime reports it; if that is no JSON it
// returns what can be said instead.
func readError(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayloadBytes))
	if err == nil && json.Unmarshal(body, new(Error)) == nil {
		return body, nil
	}
	kind := r.Header.Get(headerType)
	if kind == "" {
		kind = TypeInit
	}
	return nil, &Error{Type: kind, Message: string(body)}
}

func (e *environment) accept(w http.ResponseWriter, status int, err error) {
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind string, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Error{Type: kind, Message: err.Error()})
}
