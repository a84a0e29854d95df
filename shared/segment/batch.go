package segment

import (
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// batch is the messages of one flush.
type batch struct {
	started time.Time
	tenants map[profile.TenantID]*tenantBatch
	poison  []*message
	failed  []*message // could not be read this time
}

// tenantBatch is those of one tenant.
type tenantBatch struct {
	messages []*message
	seen     map[profile.ID]bool
	again    bool // some of them may have been stored before
	// twice are messages whose profile is in the batch already.
	twice []*message
}

func newBatch(now time.Time) *batch {
	return &batch{started: now, tenants: make(map[profile.TenantID]*tenantBatch)}
}

func (b *batch) add(m *message) {
	switch {
	case m.poison:
		b.poison = append(b.poison, m)
	case m.err != nil:
		b.failed = append(b.failed, m)
	default:
		t := b.tenants[m.envelope.Tenant]
		if t == nil {
			t = &tenantBatch{seen: make(map[profile.ID]bool)}
			b.tenants[m.envelope.Tenant] = t
		}
		t.add(m)
	}
}

func (t *tenantBatch) add(m *message) {
	t.again = t.again || m.Receives > 1
	if t.seen[m.stored] {
		t.twice = append(t.twice, m)
		return
	}
	t.seen[m.stored] = true
	t.messages = append(t.messages, m)
}

// handles returns the receipt handles of all messages.
func (b *batch) handles() []string {
	var out []string
	for _, t := range b.tenants {
		out = append(append(out, handlesOf(t.messages)...), handlesOf(t.twice)...)
	}
	return append(out, handlesOf(b.poison)...)
}

func handlesOf(ms []*message) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.Handle
	}
	return out
}
