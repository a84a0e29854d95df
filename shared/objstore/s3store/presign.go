package s3store

import (
	"context"
	"fmt"
	"net/textproto"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Presigner makes URLs for a bucket. They end with the credentials that it has.
type Presigner struct {
	client *s3.PresignClient
	bucket string
}

var _ objstore.Presigner = (*Presigner)(nil)

// NewPresigner returns one for a bucket. The role of the function needs
// s3:PutObject where the objects go.
func NewPresigner(client *s3.Client, bucket string) *Presigner {
	return &Presigner{s3.NewPresignClient(client), bucket}
}

// PresignPut is objstore.Presigner's. The length is signed: S3 refuses other
// ones.
func (p *Presigner) PresignPut(ctx context.Context, key string, size int64, valid time.Duration) (objstore.PresignedPut, error) {
	if err := objstore.CheckKey(key); err != nil {
		return objstore.PresignedPut{}, fmt.Errorf("presign put: %w", err)
	}
	r, err := p.client.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &p.bucket, Key: &key, ContentLength: &size},
		s3.WithPresignExpires(valid), func(o *s3.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) {
				// Else the checksum of no body would be part of the URL.
				o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			})
		})
	if err != nil {
		return objstore.PresignedPut{}, fmt.Errorf("presign put of object %q: %w", key, err)
	}
	put := objstore.PresignedPut{URL: r.URL, Header: make(map[string]string)}
	for name := range r.SignedHeader {
		// Any client sends these of itself.
		if name = textproto.CanonicalMIMEHeaderKey(name); name != "Host" && name != "Content-Length" {
			put.Header[name] = r.SignedHeader.Get(name)
		}
	}
	return put, nil
}
