package s3store_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

// clientOf returns a client that finds the endpoint as a function does, by the
// environment.
func clientOf(t *testing.T, endpoint string) *s3.Client {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		// gofakes3 sends the checksum of the whole object with a range of it.
		"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	require.NoError(t, err)
	return s3.NewFromConfig(cfg, s3store.Configure)
}

func TestStore(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer server.Close()
	client := clientOf(t, server.URL)
	var buckets atomic.Int64
	names := make(map[objstore.Store]string)
	objstoretest.Run(t, func(t *testing.T) objstore.Store {
		bucket := fmt.Sprintf("bucket-%d", buckets.Add(1))
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
		require.NoError(t, err)
		s := s3store.New(client, bucket)
		names[s] = bucket
		return s
	}, objstoretest.Reopen(func(_ *testing.T, s objstore.Store) objstore.Store {
		return s3store.New(client, names[s])
	}))
}
