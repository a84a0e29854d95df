package lambdahost

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"connectrpc.com/connect"
	"github.com/aws/aws-lambda-go/events"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
)

// recorder keeps a handler's answer, for an event has it whole.
type recorder struct {
	header http.Header // what the handler writes to
	sent   http.Header // as it was when the answer began
	status int         // 0 until the answer has begun
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: make(http.Header)} }

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 || status < 200 { // informational answers cannot be passed on
		return
	}
	r.status = status
	r.sent = r.header.Clone()
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// Flush implements [http.Flusher], for handlers that insist on one.
func (r *recorder) Flush() { r.WriteHeader(http.StatusOK) }

// event turns the recorded answer into the one that API Gateway wants.
func (r *recorder) event(method string) events.APIGatewayV2HTTPResponse {
	r.WriteHeader(http.StatusOK)
	body := r.body.Bytes()
	if method == http.MethodHead || r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		body = nil
	}
	if len(body) > 0 && r.sent.Get("Content-Type") == "" && r.sent.Get("Content-Encoding") == "" {
		r.sent.Set("Content-Type", http.DetectContentType(body)) // as net/http's server does
	}
	response := events.APIGatewayV2HTTPResponse{
		StatusCode: r.status,
		Headers:    make(map[string]string, len(r.sent)),
		Cookies:    r.sent.Values("Set-Cookie"),
	}
	for name, values := range r.sent {
		switch name {
		case "Set-Cookie", "Content-Length", "Connection", "Transfer-Encoding", "Trailer":
			continue // set by the gateway, or of a connection that there is none of
		}
		// Format 2.0 ignores multiValueHeaders.
		response.Headers[name] = strings.Join(values, ",")
	}
	if isText(r.sent, body) {
		response.Body = string(body)
	} else {
		response.Body = base64.StdEncoding.EncodeToString(body)
		response.IsBase64Encoded = true
	}
	return response
}

// isText reports whether the body may travel as it is. What is not surely text
// goes as base64: JSON strings cannot hold arbitrary bytes.
func isText(header http.Header, body []byte) bool {
	if len(body) == 0 {
		return true
	}
	if header.Get("Content-Encoding") != "" {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(mediaType, "text/") && mediaType != "application/json" {
		return false
	}
	return utf8.Valid(body)
}

// errorResponse is an answer that clients know for an error of ours.
func errorResponse(status int, code connect.Code, message string) events.APIGatewayV2HTTPResponse {
	r := newRecorder()
	connecterr.WriteStatus(r, status, code, message)
	return r.event(http.MethodPost)
}

// checkSize replaces an answer that Lambda would refuse to hand over, which
// the client would see as an error of the gateway that says nothing. Trying
// again is no use, so the status is not one of those that are retried.
func checkSize(response events.APIGatewayV2HTTPResponse, bodyBytes int) events.APIGatewayV2HTTPResponse {
	size := PayloadBytes(response, len(response.Body), response.IsBase64Encoded)
	if size <= MaxPayloadBytes {
		return response
	}
	return errorResponse(http.StatusRequestEntityTooLarge, connect.CodeResourceExhausted, fmt.Sprintf(
		"the answer of %d bytes is larger than AWS Lambda can return (%d bytes, as JSON): "+
			"narrow the time range or the selector, lower max_nodes, or accept gzip",
		bodyBytes, MaxPayloadBytes))
}

// PayloadBytes returns the size of an event or an answer as JSON, which is
// what Lambda's limit is about. To be quick where it does not matter, it
// returns 0 for one that is far below [MaxPayloadBytes], judged by the length
// of its body.
func PayloadBytes(event any, bodyBytes int, isBase64 bool) int {
	const envelope = 256 << 10 // more than all headers, even if every byte is escaped
	longest := bodyBytes
	if !isBase64 {
		longest *= 6 // \u0000
	}
	if longest+envelope < MaxPayloadBytes {
		return 0
	}
	var size countingWriter
	encoder := json.NewEncoder(&size)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		panic("BUG: an event does not make JSON: " + err.Error())
	}
	return int(size) - 1 // the encoder ends with a newline
}

type countingWriter int

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}
