package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Get is Reader's.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	body, size, err := s.open(ctx, key, nil)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	defer func() { _ = body.Close() }()
	got, err := readAll(body, size)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, translate(ctx, err))
	}
	return got, nil
}

// GetRange is Reader's.
func (s *Store) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	got, err := s.getRange(ctx, key, offset, length)
	if err != nil {
		return nil, fmt.Errorf("get %d bytes from %d of object %q: %w", length, offset, key, err)
	}
	return got, nil
}

func (s *Store) getRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	const limit = objstore.MaxObjectBytes
	if offset < 0 || length <= 0 || length > limit || offset > limit-length {
		return nil, objstore.ErrRange
	}
	body, size, err := s.open(ctx, key, aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	// S3 cuts a range that ends beyond the object instead of refusing it.
	if 0 <= size && size < length {
		return nil, fmt.Errorf("%w: there are %d", objstore.ErrRange, size)
	}
	got, err := readAll(io.LimitReader(body, length+1), length)
	switch {
	case err != nil:
		return nil, translate(ctx, err)
	case int64(len(got)) < length:
		return nil, fmt.Errorf("%w: there are %d", objstore.ErrRange, len(got))
	case int64(len(got)) > length:
		return nil, errors.New("the answer holds more than the range")
	}
	return got, nil
}

// open begins to read an object or a range of it. The size is that of the
// answer in bytes, or -1 if the server does not say.
func (s *Store) open(ctx context.Context, key string, byteRange *string) (io.ReadCloser, int64, error) {
	out, err := s.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, Range: byteRange})
	if err != nil {
		return nil, 0, translate(ctx, err)
	}
	if out.ContentLength == nil {
		return out.Body, -1, nil
	}
	return out.Body, *out.ContentLength, nil
}

// readAll reads all of r, which probably holds size bytes.
func readAll(r io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	if size > 0 {
		b.Grow(int(size) + bytes.MinRead) // ReadFrom wants that much room to see the end
	}
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
