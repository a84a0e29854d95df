package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// chunk is how many bytes are read or written between two looks at the context.
const chunk = 4 << 20

// Get is Reader's.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	f, size, err := s.openObject(key)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	defer func() { _ = f.Close() }()
	body, err := readAt(ctx, f, 0, size)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	return body, nil
}

// GetRange is Reader's.
func (s *Store) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	f, size, err := s.openObject(key)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	defer func() { _ = f.Close() }()
	if offset < 0 || length <= 0 || length > size || offset > size-length {
		return nil, fmt.Errorf("get %d bytes from %d of object %q of %d bytes: %w", length, offset, key, size, objstore.ErrRange)
	}
	body, err := readAt(ctx, f, offset, length)
	if err != nil {
		return nil, fmt.Errorf("get %d bytes from %d of object %q: %w", length, offset, key, err)
	}
	return body, nil
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

func (s *Store) path(key string) string { return filepath.Join(s.objects, objectPath(key)) }

// openObject opens the file of an object and tells its size. The error is
// ErrNotExist if there is none.
func (s *Store) openObject(key string) (*os.File, int64, error) {
	f, err := os.Open(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, objstore.ErrNotExist
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// readAt reads exactly length bytes.
func readAt(ctx context.Context, f io.ReaderAt, offset, length int64) ([]byte, error) {
	body := make([]byte, length)
	for done := int64(0); done < length; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n, err := f.ReadAt(body[done:min(done+chunk, length)], offset+done)
		done += int64(n)
		if err != nil && done < length {
			return nil, err // io.EOF too: the file is shorter than it was
		}
	}
	return body, nil
}
