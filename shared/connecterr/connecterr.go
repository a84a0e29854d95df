// Package connecterr writes errors of plain HTTP handlers in the form that
// Connect clients read: a JSON object with a code and a message.
//
// The form decides what clients do next. An error without a code makes a
// Connect client guess one from the status, and most guesses (a plain 400 is
// "internal") make Grafana Alloy send the same request ten times over. So every
// error of ours has a code, also where the status is not the one that Connect
// gives that code.
package connecterr

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"connectrpc.com/connect"
)

// statusClientClosedRequest is the status of a cancelled request; net/http has
// no name for it.
const statusClientClosedRequest = 499

// Status returns the HTTP status that the Connect protocol gives a code.
func Status(code connect.Code) int {
	switch code {
	case connect.CodeCanceled:
		return statusClientClosedRequest
	case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeOutOfRange:
		return http.StatusBadRequest
	case connect.CodeDeadlineExceeded:
		return http.StatusGatewayTimeout
	case connect.CodeNotFound:
		return http.StatusNotFound
	case connect.CodeAlreadyExists, connect.CodeAborted:
		return http.StatusConflict
	case connect.CodePermissionDenied:
		return http.StatusForbidden
	case connect.CodeResourceExhausted:
		return http.StatusTooManyRequests
	case connect.CodeUnimplemented:
		return http.StatusNotImplemented
	case connect.CodeUnavailable:
		return http.StatusServiceUnavailable
	case connect.CodeUnauthenticated:
		return http.StatusUnauthorized
	default: // unknown, internal, data loss
		return http.StatusInternalServerError
	}
}

// Write answers with the error: its code if it is a *connect.Error, else
// unknown; the status that Connect gives the code; and the message of the
// error without the code in front of it. The text reaches the client, so it
// must not be that of an internal error.
func Write(w http.ResponseWriter, err error) {
	code := connect.CodeOf(err)
	SetRetryAfter(w, err)
	WriteStatus(w, Status(code), code, Message(err))
}

// SetRetryAfter sets the header Retry-After if a *connect.Error has it in its
// metadata.
func SetRetryAfter(w http.ResponseWriter, err error) {
	if ce := new(connect.Error); errors.As(err, &ce) {
		if after := ce.Meta().Get("Retry-After"); after != "" {
			w.Header().Set("Retry-After", after)
		}
	}
}

// WriteStatus answers with a status other than the one that Connect gives the
// code.
func WriteStatus(w http.ResponseWriter, status int, code connect.Code, message string) {
	// Clients cannot be shown text that is not UTF-8, which may come from what
	// they sent.
	body, err := json.Marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code.String(), strings.ToValidUTF8(message, "\uFFFD")})
	if err != nil { // two strings can always be encoded
		panic("BUG: encode error: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if it fails
}

// Message is the text of an error as clients see it: without the code that a
// *connect.Error puts in front of it.
func Message(err error) string {
	if ce := new(connect.Error); errors.As(err, &ce) {
		return ce.Message()
	}
	return err.Error()
}
