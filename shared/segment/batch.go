package segment

import (
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// batch is the messages of one flush.
type batch struct {
	started time.Time
	tenants map[profile.TenantID]*tenantBatch
	poison  []*message
	failed  []*message // could not be read this time
	hold    hold       // of all but failed
}

// tenantBatch is those of one tenant.
type tenantBatch struct {
	messages []*message
	seen     map[profile.ID]bool
	again    bool // some of them are suspects
	// twice are messages whose profile is in the batch already.
	twice []*message
}

func newBatch(now time.Time) *batch {
	return &batch{started: now, tenants: make(map[profile.TenantID]*tenantBatch)}
}

func (b *batch) add(m *message, visibility time.Duration) {
	if m.poison || m.err == nil {
		b.hold.add(m, visibility)
	}
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
	t.again = t.again || m.suspect()
	if t.seen[m.stored] {
		t.twice = append(t.twice, m)
		return
	}
	t.seen[m.stored] = true
	t.messages = append(t.messages, m)
}

// dropLost takes out messages that others may have received meanwhile, and
// returns how many they were.
func (b *batch) dropLost() int {
	before := len(b.hold.messages)
	isLost := func(m *message) bool { return m.lost }
	b.hold.messages = slices.DeleteFunc(b.hold.messages, isLost)
	b.poison = slices.DeleteFunc(b.poison, isLost)
	for _, t := range b.tenants {
		all := append(t.messages, t.twice...)
		t.messages, t.twice, t.seen = nil, nil, make(map[profile.ID]bool)
		for _, m := range all {
			if !m.lost {
				t.add(m)
			}
		}
	}
	return before - len(b.hold.messages)
}

func handlesOf(ms []*message) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.Handle
	}
	return out
}
