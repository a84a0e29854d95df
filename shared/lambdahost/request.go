package lambdahost

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// errDamagedBody: API Gateway hands JSON and text on as text, so compressed
// bytes under such a Content-Type arrive with replacement characters in them.
var errDamagedBody = errors.New("the compressed body was damaged on its way: API Gateway takes JSON and " +
	"text for text; send it uncompressed, or as protobuf")

// newRequest makes the request that the client sent out of an event of payload
// format 2.0. An error is the client's fault.
func newRequest(ctx context.Context, e *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body, size, err := requestBody(e)
	if err != nil {
		return nil, err
	}
	u := requestURL(e)
	r := (&http.Request{
		Method:        e.RequestContext.HTTP.Method,
		URL:           u,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        requestHeader(e),
		Body:          io.NopCloser(body),
		ContentLength: size,
		RequestURI:    u.RequestURI(),
		RemoteAddr:    net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0"),
	}).WithContext(ctx)
	if size == 0 {
		r.Body = http.NoBody
	}
	if r.Host = r.Header.Get("Host"); r.Host == "" {
		r.Host = e.RequestContext.DomainName
	}
	r.Header.Del("Host") // where net/http's server leaves it out, too
	// Chunked requests arrive whole; what the client or the gateway said of the
	// length is of the transfer, not of these bytes.
	r.Header.Del("Transfer-Encoding")
	r.Header.Del("Content-Length")
	if size > 0 {
		r.Header.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	return r, nil
}

func requestBody(e *events.APIGatewayV2HTTPRequest) (io.Reader, int64, error) {
	if e.IsBase64Encoded {
		data, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, 0, fmt.Errorf("decode the event's body: %w", err)
		}
		return bytes.NewReader(data), int64(len(data)), nil
	}
	if isCompressed(e.Headers) && strings.ContainsRune(e.Body, utf8.RuneError) {
		return nil, 0, errDamagedBody
	}
	return strings.NewReader(e.Body), int64(len(e.Body)), nil
}

func isCompressed(headers map[string]string) bool {
	for name, value := range headers {
		if strings.EqualFold(name, "Content-Encoding") {
			return value != "" && !strings.EqualFold(value, "identity")
		}
	}
	return false
}

// requestURL keeps the path and the query as sent, but for repeated slashes:
// clients that join "http://host/" and "/ingest" mean /ingest, and a redirect
// would turn their POST into a GET. The query is not parsed: names of
// applications hold {},=: and parameters may be empty.
func requestURL(e *events.APIGatewayV2HTTPRequest) *url.URL {
	raw := collapseSlashes(e.RawPath)
	u := &url.URL{Path: raw, RawQuery: e.RawQueryString}
	if path, err := url.PathUnescape(raw); err == nil {
		u.Path = path
		if u.EscapedPath() != raw {
			u.RawPath = raw
		}
	}
	return u
}

func collapseSlashes(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !strings.Contains(path, "//") {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := range len(path) {
		if path[i] == '/' && i > 0 && path[i-1] == '/' {
			continue
		}
		out = append(out, path[i])
	}
	return string(out)
}

// requestHeader takes names in any case. Values that were sent as several
// headers come joined by commas and stay so, as RFC 9110 allows.
func requestHeader(e *events.APIGatewayV2HTTPRequest) http.Header {
	header := make(http.Header, len(e.Headers)+1)
	for name, value := range e.Headers {
		header.Add(name, value)
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return header
}
