package token

import (
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// maxEntries is how many tokens are remembered, of those that exist and as many
// again of those that do not: strangers who invent tokens do not push out those
// of others.
const maxEntries = 10_000

// cache is what a Checker remembers.
type cache struct {
	mu            sync.Mutex
	there, absent map[records.Name]entry
	noReadBefore  time.Time
}

func newCache() *cache {
	return &cache{there: make(map[records.Name]entry), absent: make(map[records.Name]entry)}
}

func (c *cache) get(name records.Name) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.there[name]; ok {
		return e, true
	}
	e, ok := c.absent[name]
	return e, ok
}

func (c *cache) put(name records.Name, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.there, name)
	delete(c.absent, name)
	into := c.there
	if e.absent {
		into = c.absent
	}
	for old := range into { // in no order
		if len(into) < maxEntries {
			break
		}
		delete(into, old)
	}
	into[name] = e
}

// mayRead reports whether the record store may be asked.
func (c *cache) mayRead(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !now.Before(c.noReadBefore)
}

// failed leaves the record store alone for a while.
func (c *cache) failed(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noReadBefore = until
}
