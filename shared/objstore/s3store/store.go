package s3store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// API is what the store needs of the client of S3; *s3.Client has it.
type API interface {
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, opts ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Store is an object store in a bucket.
type Store struct {
	api    API
	bucket string
	pause  func(ctx context.Context, attempt int) // between attempts of a Put; tests shorten it
}

var _ objstore.Store = (*Store)(nil)

// New returns the store in a bucket, which must exist.
func New(api API, bucket string) *Store { return &Store{api: api, bucket: bucket, pause: pause} }

// Configure is the option that the client of S3 should be made with:
//
//	client := s3.NewFromConfig(cfg, s3store.Configure)
//
// If the endpoint is not that of AWS (AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3
// is set) buckets are named in the path, as few such endpoints have a host name
// for each bucket. And it spares the log a line for each object that comes
// without a checksum, as ranges do.
func Configure(o *s3.Options) {
	if o.BaseEndpoint != nil {
		o.UsePathStyle = true
	}
	o.DisableLogOutputChecksumValidationSkipped = true
}

// maxAttempts is how often Put sends an object while S3 answers that it is
// being written by someone else.
const maxAttempts = 6

// pause waits about 25 ms after the first attempt and twice as long after each
// other one.
func pause(ctx context.Context, attempt int) {
	d := 25 * time.Millisecond << attempt
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// check refuses bad keys and cancelled contexts.
func check(ctx context.Context, verb, key string) error {
	if err := objstore.CheckKey(key); err != nil {
		return fmt.Errorf("%s object: %w", verb, err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s object %q: %w", verb, key, context.Cause(ctx))
	}
	return nil
}
