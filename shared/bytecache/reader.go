package bytecache

import (
	"context"
	"strings"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// Reader reads objects through a cache. Of goroutines that want the same bytes
// at once one reads them, and the others wait for it. Unlike with other readers
// the bytes are shared: callers must not change them.
type Reader struct {
	store objstore.Reader
	cache *Cache

	mu      sync.Mutex
	reading map[Key]*read
}

// read is one that is under way.
type read struct {
	done chan struct{} // closed at the end
	body []byte
	err  error
}

var _ objstore.Reader = (*Reader)(nil)

// NewReader returns a reader of the store. Reads that the cache answers are
// counted as hits by the counter of their context (package readstats).
func NewReader(store objstore.Reader, cache *Cache) *Reader {
	return &Reader{store: store, cache: cache, reading: make(map[Key]*read)}
}

// Get implements objstore.Reader.
func (r *Reader) Get(ctx context.Context, key string) ([]byte, error) {
	return r.read(ctx, Key{Tenant: tenantOf(key), Object: key}, func() ([]byte, error) { return r.store.Get(ctx, key) })
}

// GetRange implements objstore.Reader.
func (r *Reader) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if length <= 0 {
		return r.store.GetRange(ctx, key, offset, length)
	}
	k := Key{Tenant: tenantOf(key), Object: key, Offset: offset, Length: length}
	return r.read(ctx, k, func() ([]byte, error) { return r.store.GetRange(ctx, key, offset, length) })
}

// tenantOf returns the tenant of an object, which is what its key begins with.
func tenantOf(key string) profile.TenantID {
	tenant, _, _ := strings.Cut(key, "/")
	return profile.TenantID(tenant)
}

func (r *Reader) read(ctx context.Context, k Key, fetch func() ([]byte, error)) ([]byte, error) {
	if r.cache == nil {
		return fetch()
	}
	if body, ok := r.cache.Get(k); ok {
		readstats.From(ctx).CacheHit()
		return body, nil
	}
	r.mu.Lock()
	other := r.reading[k]
	if other == nil {
		mine := &read{done: make(chan struct{})}
		r.reading[k] = mine
		r.mu.Unlock()
		return r.lead(k, mine, fetch)
	}
	r.mu.Unlock()
	select {
	case <-other.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if other.err != nil { // perhaps only because the other query has ended
		return fetch()
	}
	readstats.From(ctx).CacheHit()
	return other.body, nil
}

// lead reads for all who wait.
func (r *Reader) lead(k Key, mine *read, fetch func() ([]byte, error)) ([]byte, error) {
	mine.err = context.Canceled // for those who wait if fetch panics
	defer func() {
		r.mu.Lock()
		delete(r.reading, k)
		r.mu.Unlock()
		close(mine.done)
	}()
	mine.body, mine.err = fetch()
	if mine.err == nil {
		r.cache.Put(k, mine.body)
	}
	return mine.body, mine.err
}
