// Package bytecache keeps bytes of immutable objects in the memory of a process
// that answers one query after another. What it holds can never be stale, since
// no object is changed after it was written; the bound is on bytes, and what was
// not used for the longest time goes first.
//
// Every key has its tenant: entries of tenants cannot be taken for each other.
package bytecache

import (
	"container/list"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Key names some bytes of an object.
type Key struct {
	Tenant         profile.TenantID
	Object         string // key of the object
	Offset, Length int64  // both 0: all of it
}

// Cache holds bytes. It may be used by many goroutines; a nil one holds nothing.
type Cache struct {
	max int64

	mu      sync.Mutex
	size    int64
	order   *list.List // of *entry, the last used first
	entries map[Key]*list.Element
}

type entry struct {
	key  Key
	body []byte
}

// overhead is about what an entry takes beside its bytes and names.
const overhead = 256

// share is which part of the cache a single entry may take, so that one large
// object does not drive out everything else.
const share = 8

// New returns a cache of so many bytes; nil if there is no room for anything.
func New(maxBytes int64) *Cache {
	if maxBytes <= 0 {
		return nil
	}
	return &Cache{max: maxBytes, order: list.New(), entries: make(map[Key]*list.Element)}
}

// Get returns the bytes under a key. They are shared: nobody may change them.
func (c *Cache) Get(k Key) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.entries[k]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(at)
	return at.Value.(*entry).body, true
}

// Put holds bytes, which must not be changed from now on, if they take no more
// than their share.
func (c *Cache) Put(k Key, body []byte) {
	if c == nil || cost(k, body) > c.max/share {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[k]; ok {
		c.order.MoveToFront(at)
		return
	}
	c.entries[k] = c.order.PushFront(&entry{k, body})
	for c.size += cost(k, body); c.size > c.max; {
		oldest := c.order.Back()
		e := c.order.Remove(oldest).(*entry)
		delete(c.entries, e.key)
		c.size -= cost(e.key, e.body)
	}
}

// Bytes is how much the cache takes, what stands around the bytes included.
func (c *Cache) Bytes() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

func cost(k Key, body []byte) int64 {
	return int64(cap(body)+len(k.Object)+len(k.Tenant)) + overhead
}
