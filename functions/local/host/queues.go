package host

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
)

// openQueues opens as many queues as are wanted, and those beyond that are there
// from before: they are drained as well, so that nothing stays in them.
func (h *Host) openQueues() error {
	for i := 0; ; i++ {
		name := "queue.bolt"
		if i > 0 {
			name = fmt.Sprintf("queue-%d.bolt", i)
		}
		path := filepath.Join(h.config.Data, name)
		if _, err := os.Stat(path); i >= max(h.config.Queues, 1) && err != nil {
			return nil
		}
		q, err := boltqueue.Open(path, boltqueue.Options{})
		if err != nil {
			return fmt.Errorf("open queue: %w", err)
		}
		h.queues = append(h.queues, q)
	}
}

// senders are the queues that profiles are sent to.
func (h *Host) senders() []queue.Sender {
	var out []queue.Sender
	for _, q := range h.queues[:max(h.config.Queues, 1)] {
		out = append(out, q)
	}
	return out
}

// drained are the queues that are drained.
func (h *Host) drained() []assembly.Drained {
	var out []assembly.Drained
	for _, q := range h.queues {
		out = append(out, q)
	}
	return out
}
