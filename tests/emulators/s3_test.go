package emulators

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
)

func TestObjectStore(t *testing.T) {
	onEach(t, func(t *testing.T, _ emulator, cfg aws.Config) {
		client := s3.NewFromConfig(cfg, s3store.Configure)
		run, n := time.Now().UnixNano(), atomic.Int64{}
		names := make(map[objstore.Store]string)
		objstoretest.Run(t, func(t *testing.T) objstore.Store {
			bucket := fmt.Sprintf("test-%d-%d", run, n.Add(1))
			_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
			require.NoError(t, err)
			s := s3store.New(client, bucket)
			names[s] = bucket
			return s
		}, objstoretest.Reopen(func(_ *testing.T, s objstore.Store) objstore.Store {
			return s3store.New(client, names[s])
		}))
	}, versitygw(), localStack())
}
