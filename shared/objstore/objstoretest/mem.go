package objstoretest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Mem is a store in memory that does what the contract says and no more: what
// an adapter need not accept it refuses. It survives nothing.
type Mem struct {
	// Now is the store's clock; NewMem sets it to time.Now.
	Now func() time.Time

	mu      sync.RWMutex
	objects map[string]memObject
	deleted map[string]bool
	reused  []string
}

type memObject struct {
	body   []byte
	stored time.Time
}

var _ objstore.Store = (*Mem)(nil)

// NewMem returns an empty store.
func NewMem() *Mem {
	return &Mem{Now: time.Now, objects: make(map[string]memObject), deleted: make(map[string]bool)}
}

// Reused returns the keys that were put after an object of theirs had been
// deleted, which the contract allows and no code of ours does.
func (m *Mem) Reused() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.reused)
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

// Get is Reader's.
func (m *Mem) Get(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("get object %q: %w", key, objstore.ErrNotExist)
	}
	return bytes.Clone(o.body), nil
}

// GetRange is Reader's.
func (m *Mem) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("get object %q: %w", key, objstore.ErrNotExist)
	}
	size := int64(len(o.body))
	if offset < 0 || length <= 0 || length > size || offset > size-length {
		return nil, fmt.Errorf("get %d bytes from %d of object %q of %d bytes: %w", length, offset, key, size, objstore.ErrRange)
	}
	return bytes.Clone(o.body[offset : offset+length]), nil
}

// Put is Writer's.
func (m *Mem) Put(ctx context.Context, key string, body []byte) error {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	if len(body) > objstore.MaxObjectBytes {
		return fmt.Errorf("put object %q: %d bytes, more than %d", key, len(body), objstore.MaxObjectBytes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.objects[key]; ok {
		if bytes.Equal(o.body, body) {
			return nil
		}
		return fmt.Errorf("put object %q: %w", key, objstore.ErrExists)
	}
	if m.deleted[key] {
		m.reused = append(m.reused, key)
	}
	m.objects[key] = memObject{append([]byte{}, body...), m.Now()}
	return nil
}

// Delete is Writer's.
func (m *Mem) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		delete(m.objects, key)
		m.deleted[key] = true
	}
	return nil
}

// List is Lister's.
func (m *Mem) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	if limit < 1 || limit > objstore.MaxListKeys {
		return nil, fmt.Errorf("list objects %q: limit %d, want 1 to %d", prefix, limit, objstore.MaxListKeys)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list objects %q: %w", prefix, context.Cause(ctx))
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []objstore.Info
	for key, o := range m.objects {
		if strings.HasPrefix(key, prefix) && key > after {
			out = append(out, objstore.Info{Key: key, Size: int64(len(o.body)), ModifiedUnixMilli: o.stored.UnixMilli()})
		}
	}
	slices.SortFunc(out, func(a, b objstore.Info) int { return strings.Compare(a.Key, b.Key) })
	return out[:min(limit, len(out))], nil
}
