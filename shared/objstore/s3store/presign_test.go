package s3store_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

func TestPresignPut(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer server.Close()
	client := clientOf(t, server.URL)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	require.NoError(t, err)
	put, err := s3store.NewPresigner(client, "bucket").PresignPut(t.Context(), "acme/uploads/A", 5, 15*time.Minute)
	require.NoError(t, err)
	require.Empty(t, put.Header)
	u, err := url.Parse(put.URL)
	require.NoError(t, err)
	query := u.Query()
	require.Equal(t, "900", query.Get("X-Amz-Expires"))
	require.Contains(t, query.Get("X-Amz-SignedHeaders"), "content-length", "S3 refuses other lengths")
	for name := range query {
		require.NotContains(t, name, "hecksum", "it would be that of no body")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, put.URL, bytes.NewReader([]byte("hello")))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 200, answer.StatusCode)
	body, err := s3store.New(client, "bucket").Get(t.Context(), "acme/uploads/A")
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
	_, err = s3store.NewPresigner(client, "bucket").PresignPut(t.Context(), "../A", 5, time.Minute)
	require.ErrorIs(t, err, objstore.ErrKey)
}
