package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
)

// encoded returns the request as a body, plain and compressed.
func encoded(t testing.TB, req *pushv1.PushRequest) (body, zipped []byte) {
	body, err := proto.Marshal(req)
	require.NoError(t, err)
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(body)
	require.NoError(t, z.Close())
	return body, buf.Bytes()
}

func TestPushTransport(t *testing.T) {
	req := request(series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu", "service_name", "api"))
	body, zipped := encoded(t, req)
	asJSON, err := protojson.Marshal(req)
	require.NoError(t, err)
	big, bigZipped := encoded(t, request(series(raw(make([]byte, 4096)), "__name__", "process_cpu")))
	require.Less(t, len(bigZipped), 2048)

	for _, c := range []struct {
		name    string
		body    []byte
		headers []string
		status  int
		code    string
	}{
		{"proto", body, []string{"Content-Type", "application/proto"}, 200, ""},
		{"json", asJSON, []string{"Content-Type", "application/json"}, 200, ""},
		{"json with a charset", asJSON, []string{"Content-Type", "application/json; charset=utf-8"}, 200, ""},
		{"gzip", zipped, []string{"Content-Type", "application/proto", "Content-Encoding", "gzip"}, 200, ""},
		{"empty proto", nil, []string{"Content-Type", "application/proto"}, 400, "invalid_argument"},
		{"empty json", nil, []string{"Content-Type", "application/json"}, 400, "invalid_argument"},
		{"empty json object", []byte("{}"), []string{"Content-Type", "application/json"}, 400, "invalid_argument"},
		{"garbage", []byte("\xff\xff\xff"), []string{"Content-Type", "application/proto"}, 400, "invalid_argument"},
		{"gzip that is none", body, []string{"Content-Type", "application/proto", "Content-Encoding", "gzip"}, 400, "invalid_argument"},
		{"zstd", body, []string{"Content-Type", "application/proto", "Content-Encoding", "zstd"}, 501, "unimplemented"},
		{"other protocol version", body, []string{"Content-Type", "application/proto", "Connect-Protocol-Version", "2"}, 400, "invalid_argument"},
		{"bad timeout", body, []string{"Content-Type", "application/proto", "Connect-Timeout-Ms", "soon"}, 400, "invalid_argument"},
		{"too large", big, []string{"Content-Type", "application/proto"}, 400, "invalid_argument"},
		{"too large once unpacked", bigZipped, []string{"Content-Type", "application/proto", "Content-Encoding", "gzip"}, 400, "invalid_argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, func(s *ingest.Settings) { s.MaxBodyBytes = 2048 })
			w := b.do("POST", pushPath, bytes.NewReader(c.body), c.headers...)
			code, message := errorBody(t, w)
			require.Equal(t, c.status, w.Code, message)
			require.Equal(t, c.code, code, message)
			if c.status == 200 {
				require.Len(t, b.received(), 1)
				require.Equal(t, strings.Split(c.headers[1], ";")[0], strings.Split(w.Header().Get("Content-Type"), ";")[0])
			}
		})
	}
}

func TestTheLimitOfBodiesIsThatOfEachRequest(t *testing.T) {
	_, zipped := encoded(t, request(pod(t, 1)))
	b := newBench(t, func(s *ingest.Settings) { s.MaxBodyBytes = int64(len(zipped)) })
	for range 10 { // decompressors are used again
		w := b.do("POST", pushPath, bytes.NewReader(zipped), "Content-Type", "application/proto", "Content-Encoding", "gzip")
		require.Equal(t, 200, w.Code, w.Body)
	}
}

func TestPushOfAnUnknownContentType(t *testing.T) {
	b := newBench(t)
	body, _ := encoded(t, request(pod(t, 1)))
	w := b.do("POST", pushPath, bytes.NewReader(body), "Content-Type", "application/x-protobuf")
	require.Equal(t, 415, w.Code)
	require.Contains(t, w.Header().Get("Accept-Post"), "application/proto")
	require.Empty(t, w.Body.String())
}

func TestPushFromTheGeneratedClient(t *testing.T) {
	for name, opts := range map[string][]connect.ClientOption{
		"connect": nil, "connect gzip": {connect.WithSendGzip()}, "json": {connect.WithProtoJSON()}, "grpc-web": {connect.WithGRPCWeb()},
	} {
		b := newBench(t, multitenant)
		server := httptest.NewServer(b.handler)
		defer server.Close()
		client := pushv1connect.NewPusherServiceClient(server.Client(), server.URL, opts...)
		req := connect.NewRequest(request(series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu")))
		_, err := client.Push(context.Background(), req)
		require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err), name)
		req.Header().Set("X-Scope-OrgID", "acme")
		_, err = client.Push(context.Background(), req)
		require.NoError(t, err, name)
		require.Len(t, b.received(), 1)
		require.Equal(t, "unknown_service", b.received()[0].Labels.Get("service_name"))
		req.Msg.Series[0].Labels = nil
		_, err = client.Push(context.Background(), req)
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), name)
	}
}

// TestPushThatEndsEarly: a client whose request did not come whole is to send it
// again, if it is still there, and is told nothing of what went wrong.
func TestPushThatEndsEarly(t *testing.T) {
	b := newBench(t)
	w := b.do("POST", pushPath, iotest.ErrReader(errors.New("secret")), "Content-Type", "application/proto")
	code, message := errorBody(t, w)
	require.Equal(t, 503, w.Code)
	require.Equal(t, "unavailable", code)
	require.Equal(t, "request ended early", message)
}
