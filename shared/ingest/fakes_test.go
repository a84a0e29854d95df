package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// strictQueue keeps what was sent and refuses what SQS would refuse.
type strictQueue struct {
	mu      sync.Mutex
	sent    []queue.Message // accepted, repetitions included
	batches []int           // sizes of the calls
	// fault decides about a message: whether it gets onto the queue and what
	// the caller is told. Both are as they should be if fault is nil.
	fault func(m queue.Message) (kept bool, err error)
	// before is called at the beginning of each Send.
	before func([]queue.Message)
}

func (q *strictQueue) Send(_ context.Context, batch []queue.Message) []error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.before != nil {
		q.before(batch)
	}
	q.batches = append(q.batches, len(batch))
	errs := make([]error, len(batch))
	size := 0
	for _, m := range batch {
		size += queue.BodyBytes(len(m.Body))
	}
	if len(batch) == 0 || len(batch) > queue.MaxBatch || size > queue.MaxBatchBytes {
		for i := range errs {
			errs[i] = fmt.Errorf("%w: %d messages, %d bytes", queue.ErrBadEntry, len(batch), size)
		}
		if len(batch) == 0 {
			panic("empty batch")
		}
		return errs
	}
	failed := false
	for i, m := range batch {
		kept := true
		switch {
		case m.Group == "" || len(m.Group) > queue.MaxIDBytes, m.DedupID == "" || len(m.DedupID) > queue.MaxIDBytes, len(m.Body) == 0:
			kept, errs[i] = false, queue.ErrBadEntry
		case q.fault != nil:
			kept, errs[i] = q.fault(m)
		}
		if kept {
			m.Body = bytes.Clone(m.Body)
			q.sent = append(q.sent, m)
		}
		failed = failed || errs[i] != nil
	}
	if !failed {
		return nil
	}
	return errs
}

// ids returns the deduplication ids of what is on the queue.
func (q *strictQueue) ids() map[string]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make(map[string]bool)
	for _, m := range q.sent {
		out[m.DedupID] = true
	}
	return out
}

// memStore keeps objects.
type memStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	err     error // of all calls to Put, if set
}

func (s *memStore) Put(_ context.Context, key string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := objstore.CheckKey(key); err != nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	if old, ok := s.objects[key]; ok {
		if !bytes.Equal(old, body) {
			return objstore.ErrExists
		}
		return nil
	}
	if s.objects == nil {
		s.objects = make(map[string][]byte)
	}
	s.objects[key] = bytes.Clone(body)
	return nil
}

func (s *memStore) Delete(context.Context, string) error { panic("ingest deletes nothing") }

func (s *memStore) get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.objects[key]
	return b, ok
}
