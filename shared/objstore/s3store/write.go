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

// Put is Writer's.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	if len(body) > objstore.MaxObjectBytes {
		return fmt.Errorf("put object %q: %d bytes, more than %d", key, len(body), objstore.MaxObjectBytes)
	}
	if err := s.put(ctx, key, body); err != nil {
		return fmt.Errorf("put object %q: %w", key, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, body []byte) error {
	var err error
	for attempt := range maxAttempts {
		if attempt > 0 {
			s.pause(ctx, attempt-1)
		}
		_, err = s.api.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body), IfNoneMatch: aws.String("*"),
		})
		if isTaken(err) {
			err = s.compare(ctx, key, body)
			if errors.Is(err, objstore.ErrNotExist) {
				continue // it was deleted since
			}
			return err
		}
		if !isConflict(err) {
			break
		}
	}
	return translate(ctx, err)
}

// compare succeeds if there is an object with this content. The error is
// ErrExists if the content differs, and ErrNotExist if there is no object.
func (s *Store) compare(ctx context.Context, key string, want []byte) error {
	body, size, err := s.open(ctx, key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if size >= 0 && size != int64(len(want)) {
		return objstore.ErrExists
	}
	same, err := equal(body, want)
	if err != nil {
		return translate(ctx, err)
	}
	if !same {
		return objstore.ErrExists
	}
	return nil
}

// equal reports whether r holds want and nothing more.
func equal(r io.Reader, want []byte) (bool, error) {
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		if n > len(want) || !bytes.Equal(buf[:n], want[:n]) {
			return false, nil
		}
		want = want[n:]
		if errors.Is(err, io.EOF) {
			return len(want) == 0, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// Delete is Writer's.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	_, err := s.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	if err := translate(ctx, err); err != nil && !errors.Is(err, objstore.ErrNotExist) {
		return fmt.Errorf("delete object %q: %w", key, err)
	}
	return nil
}
