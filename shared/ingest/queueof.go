package ingest

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// queueOf is the number of the queue of a tenant's service.
func (h *Handler) queueOf(tenant profile.TenantID, ls profile.Labels) int {
	return jump(serviceHash(tenant, ls.Get(profile.LabelServiceName)), len(h.Queues))
}

// serviceHash identifies a service of a tenant. It must stay the same between
// releases: what is pushed again must come to the same queue.
func serviceHash(tenant profile.TenantID, service string) uint64 {
	b := binary.AppendUvarint(nil, uint64(len(tenant)))
	return xxhash.Sum64(append(append(b, tenant...), service...))
}

// jump spreads keys evenly over n buckets; another bucket takes its share of
// each and moves nothing else (Lamping and Veach, "A Fast, Minimal Memory,
// Consistent Hash Algorithm", 2014).
func jump(key uint64, n int) int {
	bucket, next := int64(0), int64(0)
	for next < int64(n) {
		bucket = next
		key = key*2862933555777941757 + 1
		next = int64(float64(bucket+1) * (float64(1<<31) / float64(key>>33+1)))
	}
	return int(bucket)
}
