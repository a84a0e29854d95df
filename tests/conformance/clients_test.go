package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// recorded is the requests of a client, in order.
type recorded struct {
	About  string
	Header map[string]string
	Calls  []recordedCall
}

// recordedCall is a POST of a message if it has a codec, else a GET.
type recordedCall struct {
	Says, Path, Codec string
	Header, Query     map[string]string
	Body              json.RawMessage
	Status            int // 0 is 200
}

// message makes an empty request or answer of the method at a path; nil if there
// is no such method.
func (c *recordedCall) message(t *testing.T, of func(protoreflect.MethodDescriptor) protoreflect.MessageDescriptor) proto.Message {
	service, method, _ := strings.Cut(strings.TrimPrefix(c.Path, "/"), "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	typ, err := protoregistry.GlobalTypes.FindMessageByName(of(d.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(method))).FullName())
	require.NoError(t, err)
	return typ.New().Interface()
}

// body is what is sent.
func (c *recordedCall) body(t *testing.T) []byte {
	if c.Codec != "proto" || c.Body == nil {
		return c.Body
	}
	m := c.message(t, protoreflect.MethodDescriptor.Input)
	require.NoError(t, protojson.Unmarshal(c.Body, m))
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return raw
}

// send returns the answer as text, JSON if it was a message.
func (c *recordedCall) send(t *testing.T, base string, header map[string]string) string {
	method, target := http.MethodGet, base+c.Path
	if c.Codec != "" {
		method = http.MethodPost
	}
	if len(c.Query) > 0 {
		values := url.Values{}
		for name, value := range c.Query {
			values.Set(name, value)
		}
		target += "?" + values.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, bytes.NewReader(c.body(t)))
	require.NoError(t, err)
	if c.Codec != "" {
		req.Header.Set("Content-Type", "application/"+c.Codec)
	}
	for _, more := range []map[string]string{header, c.Header} {
		for name, value := range more {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	reader := io.Reader(res.Body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		reader, err = gzip.NewReader(reader)
		require.NoError(t, err)
	}
	raw, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, max(c.Status, http.StatusOK), res.StatusCode, "%s", raw)
	if c.Codec != "proto" || res.StatusCode != http.StatusOK {
		return string(raw)
	}
	require.Equal(t, "application/proto", res.Header.Get("Content-Type"))
	m := c.message(t, protoreflect.MethodDescriptor.Output)
	require.NoError(t, proto.Unmarshal(raw, m))
	answer, err := protojson.Marshal(m)
	require.NoError(t, err)
	return string(answer)
}

// TestClients replays what clients send, and compares all that they get.
func TestClients(t *testing.T) {
	w := newWorld(t)
	files, err := filepath.Glob("testdata/clients/*.json")
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var client recorded
		d := json.NewDecoder(strings.NewReader(expand(string(raw))))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&client))
		require.NotEmpty(t, client.Calls)
		for server, url := range servers(t, w) { // its settings are its own
			for _, c := range client.Calls {
				t.Run(server+"/"+name+"/"+c.Says, func(t *testing.T) {
					answer := c.send(t, url, client.Header)
					switch {
					case c.Says == "build-info":
						require.Contains(t, answer, `"status":"success"`)
					case c.Says == "async": // its id is another each time
						require.Regexp(t, `"requestId": ?"[^"]+"`, answer)
					case json.Valid([]byte(answer)):
						golden(t, "clients/"+name+"/"+c.Says, answer)
					case c.Status == 0:
						require.Equal(t, "ready", answer)
					}
				})
			}
		}
	}
}
