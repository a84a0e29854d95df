package connectgzip_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/connectgzip"
)

// echo answers with the name that it was asked for, many times.
type echo struct {
	querierv1connect.UnimplementedQuerierServiceHandler
}

func (echo) LabelValues(_ context.Context, r *connect.Request[typesv1.LabelValuesRequest]) (*connect.Response[typesv1.LabelValuesResponse], error) {
	out := &typesv1.LabelValuesResponse{}
	for range 1000 {
		out.Names = append(out.Names, r.Msg.Name)
	}
	return connect.NewResponse(out), nil
}

// TestStandardClientsUnderstandIt talks to a handler with clients that use the
// standard library's gzip, both ways.
func TestStandardClientsUnderstandIt(t *testing.T) {
	_, handler := querierv1connect.NewQuerierServiceHandler(echo{}, connectgzip.WithGzip())
	server := httptest.NewServer(handler)
	defer server.Close()
	client := querierv1connect.NewQuerierServiceClient(server.Client(), server.URL, connect.WithSendGzip())
	name := strings.Repeat("pod", 1000)
	for range 3 { // buffers are used again
		got, err := client.LabelValues(t.Context(), connect.NewRequest(&typesv1.LabelValuesRequest{Name: name}))
		require.NoError(t, err)
		require.Len(t, got.Msg.Names, 1000)
		require.Equal(t, name, got.Msg.Names[999])
	}
	_, err := client.ProfileTypes(t.Context(), connect.NewRequest(&querierv1.ProfileTypesRequest{}))
	require.Equal(t, connect.CodeUnimplemented, connect.CodeOf(err))

	r := httptest.NewRequest("POST", querierv1connect.QuerierServiceLabelValuesProcedure, strings.NewReader(`{"name":"x"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	z, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Contains(t, string(body), `"x"`)
}
