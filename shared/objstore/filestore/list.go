package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// List is Lister's. It reads the directory that the prefix leads to, and of
// those below only the ones that hold keys between after and the end of the
// page; of these it reads all names.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	if limit < 1 || limit > objstore.MaxListKeys {
		return nil, fmt.Errorf("list objects %q: limit %d, want 1 to %d", prefix, limit, objstore.MaxListKeys)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, context.Cause(ctx))
	}
	if len(prefix) > objstore.MaxKeyBytes {
		return nil, nil // and no path for it either
	}
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	w := &walk{ctx: ctx, prefix: prefix, after: after, limit: limit}
	if err := w.dir(filepath.Join(s.objects, dirPath(base)), base); err != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, err)
	}
	return w.found, nil
}

// walk is one List on its way through the directories.
type walk struct {
	ctx           context.Context
	prefix, after string
	limit         int
	found         []objstore.Info
}

// dir visits a directory all keys of which begin with base. A directory that is
// not there has no objects: they may have been deleted a moment ago.
func (w *walk) dir(path, base string) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	entries, err := w.entries(path, base)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if len(w.found) == w.limit {
			return nil
		}
		below := filepath.Join(path, e.name)
		if !e.object {
			err = w.dir(below, e.start)
		} else {
			err = w.object(below, e.start)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entries returns what is to be visited in a directory, in the order of keys.
// To order by what the keys begin with is enough: if one start is the start of
// another it is an object's, as "a" and "a/", and comes first either way.
func (w *walk) entries(path, base string) ([]entry, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(names))
	for _, name := range names {
		if e, ok := parseName(base, name); ok && w.wants(e) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.start, b.start) })
	return entries, nil
}

// wants reports whether the list can have keys of this entry.
func (w *walk) wants(e entry) bool {
	if e.object {
		return strings.HasPrefix(e.start, w.prefix) && e.start > w.after
	}
	return (strings.HasPrefix(e.start, w.prefix) || strings.HasPrefix(w.prefix, e.start)) &&
		(e.start > w.after || strings.HasPrefix(w.after, e.start))
}

// object adds an object to the list, unless it was deleted meanwhile.
func (w *walk) object(path, key string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	w.found = append(w.found, objstore.Info{Key: key, Size: info.Size(), ModifiedUnixMilli: info.ModTime().UnixMilli()})
	return nil
}
