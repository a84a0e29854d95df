package boltqueue

import (
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// model is what the contract says a queue holds, done the slow and plain way.
type model struct {
	groups map[string][]*modelMessage // in order, without deleted ones
	sent   map[[2]string]time.Time    // group and id: begin of the window
	gone   map[string]bool            // all handles of deleted messages
}

type modelMessage struct {
	queue.Message
	sent     time.Time
	receives int       // since Open; what was there at Open counts as received once
	handle   string    // "" if visible
	deadline time.Time // of the handle
	handles  []string  // all there ever were
	sequence string    // once known
}

func newModel() *model {
	return &model{groups: map[string][]*modelMessage{}, sent: map[[2]string]time.Time{}, gone: map[string]bool{}}
}

func (m *model) send(msg queue.Message, now time.Time) {
	key := [2]string{msg.Group, msg.DedupID}
	if at, ok := m.sent[key]; ok && now.Sub(at) < queue.DedupWindow {
		return
	}
	m.sent[key] = now
	m.groups[msg.Group] = append(m.groups[msg.Group], &modelMessage{Message: msg, sent: now})
}

// pass lets time pass.
func (m *model) pass(now time.Time) {
	for name, list := range m.groups {
		for _, one := range list {
			if one.handle != "" && !one.deadline.After(now) {
				one.handle = ""
			}
		}
		m.groups[name] = slices.DeleteFunc(list, func(one *modelMessage) bool {
			old := now.Sub(one.sent) > queue.Retention
			if old {
				for _, h := range one.handles {
					m.gone[h] = true
				}
			}
			return old
		})
	}
}

// crash forgets who has what in flight, and how often it was received.
func (m *model) crash() {
	for _, list := range m.groups {
		for _, one := range list {
			one.handle = ""
			one.receives = 1
		}
	}
}

func (m *model) locked(group string) bool {
	return slices.ContainsFunc(m.groups[group], func(one *modelMessage) bool { return one.handle != "" })
}

// free is how many messages a Receive could return.
func (m *model) free() int {
	n := 0
	for name, list := range m.groups {
		if !m.locked(name) {
			n += len(list)
		}
	}
	return n
}

// find returns the message in flight with the handle.
func (m *model) find(handle string) *modelMessage {
	for _, list := range m.groups {
		for _, one := range list {
			if one.handle != "" && one.handle == handle {
				return one
			}
		}
	}
	return nil
}

func (m *model) delete(one *modelMessage) {
	for _, h := range one.handles {
		m.gone[h] = true
	}
	list := m.groups[one.Group]
	m.groups[one.Group] = slices.DeleteFunc(list, func(other *modelMessage) bool { return other == one })
}

func (m *model) count() (pending, inFlight int, oldest time.Time) {
	for _, list := range m.groups {
		for _, one := range list {
			if one.handle == "" {
				pending++
			} else {
				inFlight++
			}
			if oldest.IsZero() || one.sent.Before(oldest) {
				oldest = one.sent
			}
		}
	}
	return pending, inFlight, oldest
}
