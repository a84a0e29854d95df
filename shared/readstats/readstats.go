// Package readstats counts what is read from the object store to answer a
// query: the store is wrapped once, and whoever answers puts a counter into the
// context of its reads. A cache in front of the store counts its hits here.
package readstats

import (
	"context"
	"sync/atomic"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Counter counts the reads of one query. It may be used by many goroutines; a
// nil one can be used and counts nothing.
type Counter struct{ requests, bytes, hits atomic.Int64 }

// Counts is what a counter has counted.
type Counts struct {
	Requests  int64 // to the object store
	Bytes     int64 // that it answered with
	CacheHits int64 // reads that a cache answered instead
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	c.Requests += o.Requests
	c.Bytes += o.Bytes
	c.CacheHits += o.CacheHits
}

// Read counts a request that was answered with so many bytes.
func (c *Counter) Read(bytes int) {
	if c != nil {
		c.requests.Add(1)
		c.bytes.Add(int64(bytes))
	}
}

// CacheHit counts a read that needed no request.
func (c *Counter) CacheHit() {
	if c != nil {
		c.hits.Add(1)
	}
}

// Counts returns what was counted up to now.
func (c *Counter) Counts() Counts {
	if c == nil {
		return Counts{}
	}
	return Counts{Requests: c.requests.Load(), Bytes: c.bytes.Load(), CacheHits: c.hits.Load()}
}

type key struct{}

// With returns a context whose reads the counter counts.
func With(ctx context.Context, c *Counter) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the counter of a context, nil if it has none.
func From(ctx context.Context) *Counter {
	c, _ := ctx.Value(key{}).(*Counter)
	return c
}

// Reader returns the store with its reads counted.
func Reader(store objstore.Reader) objstore.Reader { return reader{store} }

type reader struct{ store objstore.Reader }

// Get implements objstore.Reader.
func (r reader) Get(ctx context.Context, key string) ([]byte, error) {
	body, err := r.store.Get(ctx, key)
	From(ctx).Read(len(body))
	return body, err
}

// GetRange implements objstore.Reader.
func (r reader) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	body, err := r.store.GetRange(ctx, key, offset, length)
	From(ctx).Read(len(body))
	return body, err
}
