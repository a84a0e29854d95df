package simulation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// truth is what clients have pushed, in plain lists: the model that answers are
// compared with.
type truth struct {
	mu       sync.Mutex
	profiles map[string]*pushed // by function
	wrong    []violation
}

// pushed is a profile, which is known by the function that it has alone.
type pushed struct {
	tenant   profile.TenantID
	service  string // "" where no question is about it
	pod      string
	function string
	// leaf is a function that many profiles have, which answers then name instead;
	// "" if the profile's own function is its leaf.
	leaf    string
	value   int64 // of all its samples
	at      time.Time
	acked   bool      // the client was told that it is safe
	ackedAt time.Time // first
	seen    bool      // a query has counted it
}

// Kinds of violations.
const (
	lost       = "lost"       // does not count although it must
	doubled    = "doubled"    // counts more than once
	foreign    = "foreign"    // counts where it must not: another tenant's, another time's
	unreadable = "unreadable" // the query fails
	tooMany    = "too many"   // blocks
	left       = "left"       // over in the end
)

// violation is something that must not be.
type violation struct{ kind, what string }

func (v violation) String() string { return v.kind + ": " + v.what }

func newTruth() *truth { return &truth{profiles: make(map[string]*pushed)} }

func (t *truth) push(p *pushed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.profiles[p.function] = p
}

func (t *truth) ack(function string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.profiles[function]; !p.acked {
		p.acked, p.ackedAt = true, time.Now()
	}
}

func (t *truth) violated(kind, format string, args ...any) {
	t.wrong = append(t.wrong, violation{kind, time.Now().Format("15:04:05.000 ") + fmt.Sprintf(format, args...)})
}

// failed notes a query that has no answer.
func (t *truth) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violated(unreadable, "%v", err)
}

// question is about what a tenant has from one time to another, inclusive.
type question struct {
	tenant   profile.TenantID
	from, to time.Time
	service  string // "": of all
}

func (q question) asksFor(p *pushed) bool {
	return p.tenant == q.tenant && (q.service == "" || p.service == q.service) && !p.at.Before(q.from) && !p.at.After(q.to)
}

// seen returns what a query must count that begins now: what any query before
// has counted.
func (t *truth) seen(q question) map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]bool)
	for _, p := range t.profiles {
		if p.seen && q.asksFor(p) {
			out[p.function] = true
		}
	}
	return out
}

// compare judges an answer: values by function. Those of must have to be there.
func (t *truth) compare(q question, answer map[string]int64, must map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	leaves := t.leaves(q, must)
	for leaf, b := range leaves {
		if v := answer[leaf]; v < b.least {
			t.violated(lost, "a part of what shares %s of tenant %s: %d of %d", leaf, q.tenant, v, b.least)
		}
	}
	for function, value := range answer {
		p, shared := t.profiles[function], leaves[function]
		switch {
		case shared != nil && value <= shared.most:
		case shared != nil:
			t.violated(doubled, "what shares %s of tenant %s: %d instead of %d", function, q.tenant, value, shared.most)
		case p == nil || !q.asksFor(p):
			t.violated(foreign, "%s in the answer to tenant %s from %v to %v", function, q.tenant, q.from, q.to)
		case value > p.value:
			t.violated(doubled, "%s of tenant %s, taken at %v: %d instead of %d", function, q.tenant, p.at, value, p.value)
		case value < p.value:
			t.violated(lost, "a part of %s of tenant %s: %d of %d", function, q.tenant, value, p.value)
		default:
			p.seen = true
		}
	}
	for function := range must {
		if _, ok := answer[function]; !ok && t.profiles[function].leaf == "" {
			t.violated(lost, "%s of tenant %s, which was there before", function, q.tenant)
		}
	}
}

// bounds are the least and the most that a sum may be.
type bounds struct{ least, most int64 }

// leaves returns the bounds of the values of shared leaves.
func (t *truth) leaves(q question, must map[string]bool) map[string]*bounds {
	out := make(map[string]*bounds)
	for _, p := range t.profiles {
		if p.leaf == "" || !q.asksFor(p) {
			continue
		}
		b := out[p.leaf]
		if b == nil {
			b = new(bounds)
			out[p.leaf] = b
		}
		b.add(p, must)
	}
	return out
}

func (b *bounds) add(p *pushed, must map[string]bool) {
	b.most += p.value
	if must[p.function] {
		b.least += p.value
	}
}

// acknowledged returns what must count in the end.
func (t *truth) acknowledged(tenant profile.TenantID) map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]bool)
	for _, p := range t.profiles {
		if p.tenant == tenant && p.acked {
			out[p.function] = true
		}
	}
	return out
}

// violations returns what went wrong, sorted within its order of time.
func (t *truth) violations() []violation {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.wrong)
	slices.SortStableFunc(out, func(a, b violation) int { return cmp.Or(strings.Compare(a.what, b.what)) })
	return out
}
