package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// tmpPrefix begins the names of files in tmp/.
const tmpPrefix = "put-"

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

func (s *Store) put(ctx context.Context, key string, body []byte) (err error) {
	// A key that is taken needs no file to be written.
	if err := s.compare(ctx, key, body); !errors.Is(err, objstore.ErrNotExist) {
		return err
	}
	tmp, err := s.writeTemp(ctx, body)
	if err != nil {
		return err
	}
	// The object is stored by now or not, whatever becomes of the other name.
	// If that stays, the next lone Open removes it.
	defer func() { _ = os.Remove(tmp) }()
	for ctx.Err() == nil {
		err := s.link(tmp, key)
		switch {
		case err == nil:
			return s.syncAbove(key)
		case errors.Is(err, fs.ErrExist):
			if err := s.compare(ctx, key, body); !errors.Is(err, objstore.ErrNotExist) {
				return err
			}
			// The object was deleted between link and compare.
		case errors.Is(err, fs.ErrNotExist):
			// A Delete removed the directory after we made it.
			if _, err := os.Lstat(tmp); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return context.Cause(ctx)
}

// compare succeeds if there is an object with this content, after having made
// it durable: whoever put it may not have come to that yet. The error is
// ErrExists if the content differs, and ErrNotExist if there is no object.
func (s *Store) compare(ctx context.Context, key string, body []byte) error {
	f, size, err := s.openObject(key)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if size != int64(len(body)) {
		return objstore.ErrExists
	}
	for done := int64(0); done < size; {
		n := min(chunk, size-done)
		got, err := readAt(ctx, f, done, n)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, body[done:done+n]) {
			return objstore.ErrExists
		}
		done += n
	}
	return s.syncAbove(key)
}

// writeTemp writes a durable file in tmp/ and returns its path.
func (s *Store) writeTemp(ctx context.Context, body []byte) (path string, err error) {
	f, err := os.CreateTemp(s.tmp, tmpPrefix+"*")
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	for rest := body; len(rest) > 0; {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n := min(chunk, len(rest))
		if _, err := f.Write(rest[:n]); err != nil {
			return "", err
		}
		rest = rest[n:]
	}
	return f.Name(), s.sync(f)
}

// link gives the file tmp the name of the object. The error is fs.ErrExist if
// there is one, and fs.ErrNotExist if a directory vanished meanwhile.
func (s *Store) link(tmp, key string) error {
	path := s.path(key)
	err := os.Link(tmp, path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.Link(tmp, path)
}

// syncAbove makes the name of an object durable, with all directories on the
// way to it.
func (s *Store) syncAbove(key string) error {
	return s.syncUpTo(filepath.Dir(s.path(key)), s.objects)
}

// syncUpTo syncs a directory and those above it up to top. One that is not
// there is passed over: the object was deleted since, and what Delete leaves is
// Delete's to make durable.
func (s *Store) syncUpTo(dir, top string) error {
	for {
		if err := s.syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir == top {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

func (s *Store) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(s.sync(f), f.Close())
}
