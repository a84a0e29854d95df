package gateway

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// What the real gateway fills in of an API that is ours.
const (
	payloadVersion = "2.0"
	stage          = "$default"
	accountID      = "000000000000"
	apiID          = "local"
	timeLayout     = "02/Jan/2006:15:04:05 -0700"
)

// newEvent makes an event of payload format 2.0; body is the whole body, which
// may be reused afterwards.
func newEvent(r *http.Request, body []byte, now time.Time) events.APIGatewayV2HTTPRequest {
	path := rawPath(r)
	sourceIP, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		sourceIP = r.RemoteAddr
	}
	e := events.APIGatewayV2HTTPRequest{
		Version:               payloadVersion,
		RawPath:               path,
		RawQueryString:        r.URL.RawQuery,
		Cookies:               cookies(r.Header),
		Headers:               eventHeaders(r, sourceIP, len(body)),
		QueryStringParameters: queryParameters(r),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID:  accountID,
			APIID:      apiID,
			DomainName: r.Host,
			Stage:      stage,
			RequestID:  rand.Text(),
			Time:       now.UTC().Format(timeLayout),
			TimeEpoch:  now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method:    r.Method,
				Path:      path,
				Protocol:  r.Proto,
				SourceIP:  sourceIP,
				UserAgent: r.UserAgent(),
			},
		},
	}
	e.RequestContext.DomainPrefix, _, _ = strings.Cut(r.Host, ".")
	if travelsAsText(r.Header.Get("Content-Type"), body) {
		e.Body = string(body)
	} else {
		e.Body = base64.StdEncoding.EncodeToString(body)
		e.IsBase64Encoded = true
	}
	return e
}

// rawPath is the path as the client sent it.
func rawPath(r *http.Request) string {
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// travelsAsText tells by the Content-Type whether a body reaches the function
// as text; everything else is base64, also forms and what has no type.
// Measured on the real gateway, but for bytes under a text type that are not
// UTF-8, for instance compressed JSON: the real one may damage those, which
// cannot be found out here, so they are kept whole.
func travelsAsText(contentType string, body []byte) bool {
	if len(body) == 0 {
		return true // the event has no body at all
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch {
	case strings.HasPrefix(mediaType, "text/"):
	case mediaType == "application/json", mediaType == "application/xml", mediaType == "application/javascript":
	default:
		return false
	}
	return utf8.Valid(body)
}

// eventHeaders has the names in lower case and several values of a name joined
// by commas. Cookies have a place of their own.
func eventHeaders(r *http.Request, sourceIP string, bodyBytes int) map[string]string {
	headers := make(map[string]string, len(r.Header)+5)
	for name, values := range r.Header {
		switch name {
		case "Cookie", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer":
			continue // of the connection, which ends here
		}
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	headers["host"] = r.Host
	headers["content-length"] = strconv.Itoa(bodyBytes)
	forwardedFor := sourceIP
	if before := headers["x-forwarded-for"]; before != "" {
		forwardedFor = before + ", " + sourceIP
	}
	headers["x-forwarded-for"] = forwardedFor
	headers["x-forwarded-proto"] = "http"
	if r.TLS != nil {
		headers["x-forwarded-proto"] = "https"
	}
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		headers["x-forwarded-port"] = port
	}
	return headers
}

func cookies(header http.Header) []string {
	var all []string
	for _, line := range header["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				all = append(all, cookie)
			}
		}
	}
	return all
}

func queryParameters(r *http.Request) map[string]string {
	if r.URL.RawQuery == "" {
		return nil
	}
	query := r.URL.Query()
	parameters := make(map[string]string, len(query))
	for name, values := range query {
		parameters[name] = strings.Join(values, ",")
	}
	return parameters
}

// headBytes is the size of the request line and the headers as HTTP/1.1 sends
// them.
func headBytes(r *http.Request) int {
	const colonAndNewline = len(": \r\n")
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	n := len(r.Method) + len(" ") + len(target) + len(" HTTP/1.1\r\n")
	n += len("Host") + len(r.Host) + colonAndNewline
	for name, values := range r.Header {
		for _, value := range values {
			n += len(name) + len(value) + colonAndNewline
		}
	}
	return n
}

// readBody reads the body into buffer, which it grows once where the length is
// known.
func readBody(r *http.Request, buffer *bytes.Buffer) error {
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := buffer.ReadFrom(r.Body)
	return err
}
