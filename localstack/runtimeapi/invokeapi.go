package runtimeapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// InvokeAPI serves Lambda's Invoke operation for AWS SDKs, whose endpoint for
// Lambda (AWS_ENDPOINT_URL_LAMBDA) must be where this handler is served. The
// function may be named by its name or its ARN, with or without a qualifier,
// which is not looked at. Nor are signatures.
func (h *Host) InvokeAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{function}/invocations", h.serveInvoke)
	return mux
}

// functionName takes the name out of an ARN or a partial one and drops the
// qualifier.
func functionName(s string) string {
	if _, after, ok := strings.Cut(s, ":function:"); ok {
		s = after
	}
	name, _, _ := strings.Cut(s, ":")
	return name
}

func (h *Host) serveInvoke(w http.ResponseWriter, r *http.Request) {
	name := functionName(r.PathValue("function"))
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayloadBytes))
	if err != nil {
		if over := new(http.MaxBytesError); errors.As(err, &over) {
			err = ErrTooLarge
		}
		writeInvokeError(w, err)
		return
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
		h.serveResult(w, r, name, event)
	case "Event":
		if err := h.InvokeEvent(name, event); err != nil {
			writeInvokeError(w, err)
			return
		}
		w.Header().Set("X-Amzn-Requestid", newRequestID())
		w.WriteHeader(http.StatusAccepted)
	case "DryRun":
		if _, err := h.check(name, event, MaxPayloadBytes); err != nil {
			writeInvokeError(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		writeAWSError(w, http.StatusBadRequest, "InvalidParameterValueException", "no such invocation type: "+kind)
	}
}

func (h *Host) serveResult(w http.ResponseWriter, r *http.Request, name string, event []byte) {
	result, err := h.Invoke(r.Context(), name, event)
	if err != nil {
		writeInvokeError(w, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Amzn-Requestid", result.RequestID)
	header.Set("X-Amz-Executed-Version", "$LATEST")
	if result.FunctionError != "" {
		header.Set("X-Amz-Function-Error", result.FunctionError)
	}
	if r.Header.Get("X-Amz-Log-Type") == "Tail" {
		header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(result.LogTail))
	}
	_, _ = w.Write(result.Payload) // the caller may be gone
}

// writeInvokeError answers as Lambda does when an event does not reach a
// function.
func writeInvokeError(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNotFound):
		writeAWSError(w, http.StatusNotFound, "ResourceNotFoundException", err.Error())
	case errors.Is(err, ErrThrottled):
		writeAWSError(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.",
			"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded")
	case errors.Is(err, ErrTooLarge):
		writeAWSError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", err.Error())
	case errors.Is(err, ErrNotJSON):
		writeAWSError(w, http.StatusBadRequest, "InvalidRequestContentException", err.Error())
	case errors.Is(err, errNotStarted):
		writeAWSError(w, http.StatusBadGateway, "InvalidRuntimeException", err.Error())
	default:
		writeAWSError(w, http.StatusInternalServerError, "ServiceException", err.Error())
	}
}

func writeAWSError(w http.ResponseWriter, status int, kind, message string, more ...string) {
	fields := map[string]string{"Message": message, "Type": "User"}
	for i := 0; i+1 < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Amzn-Errortype", kind)
	header.Set("X-Amzn-Requestid", newRequestID())
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fields)
}
