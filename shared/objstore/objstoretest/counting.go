package objstoretest

import (
	"context"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

// Count is what Counting saw of one method.
type Count struct {
	Requests int64 // calls, failed ones included
	Errors   int64 // calls that failed
	Bytes    int64 // of object content: sent by Put, received by Get and GetRange
	Keys     int64 // received by List
}

// Counting is a store that counts requests and bytes, which is what an object
// store charges for. It may be used from many goroutines.
type Counting struct {
	inner objstore.Store

	mu     sync.Mutex
	counts map[faultplan.Op]Count
}

var _ objstore.Store = (*Counting)(nil)

// NewCounting decorates a store.
func NewCounting(inner objstore.Store) *Counting {
	return &Counting{inner: inner, counts: make(map[faultplan.Op]Count)}
}

// Of returns the counts of one method since the beginning or the last Reset.
func (c *Counting) Of(op faultplan.Op) Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[op]
}

// Total returns the counts of all methods taken together.
func (c *Counting) Total() Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum Count
	for _, n := range c.counts {
		sum = sum.plus(n)
	}
	return sum
}

// Reset sets all counts to zero.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.counts)
}

func (c *Counting) count(op faultplan.Op, bytes, keys int, err error) {
	n := Count{Requests: 1, Bytes: int64(bytes), Keys: int64(keys)}
	if err != nil {
		n.Errors = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[op] = c.counts[op].plus(n)
}

func (n Count) plus(m Count) Count {
	return Count{n.Requests + m.Requests, n.Errors + m.Errors, n.Bytes + m.Bytes, n.Keys + m.Keys}
}

// Get is Reader's.
func (c *Counting) Get(ctx context.Context, key string) ([]byte, error) {
	body, err := c.inner.Get(ctx, key)
	c.count(Get, len(body), 0, err)
	return body, err
}

// GetRange is Reader's.
func (c *Counting) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	body, err := c.inner.GetRange(ctx, key, offset, length)
	c.count(GetRange, len(body), 0, err)
	return body, err
}

// Put is Writer's. The bytes count even if it fails, as they were sent.
func (c *Counting) Put(ctx context.Context, key string, body []byte) error {
	err := c.inner.Put(ctx, key, body)
	c.count(Put, len(body), 0, err)
	return err
}

// Delete is Writer's.
func (c *Counting) Delete(ctx context.Context, key string) error {
	err := c.inner.Delete(ctx, key)
	c.count(Delete, 0, 0, err)
	return err
}

// List is Lister's.
func (c *Counting) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	infos, err := c.inner.List(ctx, prefix, after, limit)
	c.count(List, 0, len(infos), err)
	return infos, err
}
