package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
)

// throughJSON hands events over as AWS does.
func throughJSON(f lambdahost.HTTPFunc) gateway.Function {
	return func(ctx context.Context, e request) (response, error) {
		var in request
		var out response
		if err := reencode(e, &in); err != nil {
			return out, err
		}
		answer, err := f(ctx, in)
		if err != nil {
			return out, err
		}
		return out, reencode(answer, &out)
	}
}

func reencode(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

// Whatever a client sends reaches the handler, and whatever the handler
// answers reaches the client, as without gateway and Lambda between them.
func TestRoundTrip(t *testing.T) {
	var handler http.HandlerFunc
	f := lambdahost.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r) }), lambdahost.Options{})
	g, err := gateway.New([]gateway.Route{{Key: gateway.DefaultKey, Function: throughJSON(f)}}, gateway.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(g)
	defer server.Close()

	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		sent, answer := randomMessage(rnd), randomMessage(rnd)
		path, query := "/"+pick(rnd, "ingest", "a%2Fb", "a/b", "%7Bx%7D", ""), randomQuery(rnd)
		handler = func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, path, r.URL.EscapedPath())
			require.Equal(t, query, r.URL.RawQuery)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, string(sent.body), string(body))
			require.EqualValues(t, len(body), r.ContentLength)
			requireHeader(t, sent.header, r.Header)
			for name, values := range answer.header {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.status)
			_, _ = w.Write(answer.body)
		}
		var body io.Reader = bytes.NewReader(sent.body)
		if rnd.IntN(2) == 0 {
			body = io.MultiReader(body) // of unknown length: sent in chunks
		}
		r, err := http.NewRequest(http.MethodPost, server.URL+path, body)
		require.NoError(t, err)
		r.URL.RawQuery = query
		for name, values := range sent.header {
			r.Header[name] = values
		}
		r.Header.Set("Accept-Encoding", "identity") // or net/http unpacks the answer
		got, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		gotBody, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		require.Equal(t, answer.status, got.StatusCode)
		require.Equal(t, string(answer.body), string(gotBody))
		requireHeader(t, answer.header, got.Header)
	}
}

// requireHeader asks for all of want in got; several values may come as one.
func requireHeader(t *testing.T, want, got http.Header) {
	t.Helper()
	for name, values := range want {
		separator := ","
		if name == "Cookie" {
			separator = "; "
		}
		require.Equal(t, strings.Join(values, separator), strings.Join(got[name], separator), name)
	}
}

type message struct {
	status int
	header http.Header
	body   []byte
}

func randomMessage(rnd *rand.Rand) message {
	m := message{status: []int{200, 201, 400, 404, 429, 500, 503}[rnd.IntN(7)], header: http.Header{}}
	if rnd.IntN(8) > 0 {
		m.body = make([]byte, rnd.IntN(5_000))
		for i := range m.body {
			m.body[i] = byte(rnd.Uint32())
		}
		if rnd.IntN(2) == 0 {
			m.body = []byte(strings.ToValidUTF8(string(m.body), "ü"))
		}
	}
	if len(m.body) > 0 {
		m.header.Set("Content-Type", pick(rnd, "application/json", "application/proto", "text/plain; charset=utf-8",
			"application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data; boundary=x"))
		if rnd.IntN(4) == 0 {
			m.header.Set("Content-Encoding", "identity")
		}
	}
	for range rnd.IntN(5) {
		name := textproto.CanonicalMIMEHeaderKey(pick(rnd, "x-scope-orgid", "accept", "x-a", "traceparent"))
		m.header[name] = append(m.header[name], pick(rnd, "team-a", "*/*; allow-utf8-labelnames=true", "a b", "1"))
	}
	return m
}

func randomQuery(rnd *rand.Rand) string {
	var parts []string
	for range rnd.IntN(4) {
		name := pick(rnd, "name", "units", "from", "a.b")
		value := pick(rnd, "", "app{a=b,c:d}", "1", "ü&x=y")
		switch rnd.IntN(3) {
		case 0:
			value = url.QueryEscape(value)
		case 1:
			value = url.PathEscape(value)
		default: // as it is, but for what a request line cannot hold
			value = strings.ReplaceAll(value, "ü", "u")
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, "&")
}

func pick(rnd *rand.Rand, from ...string) string { return from[rnd.IntN(len(from))] }
