package boltindex

import (
	"encoding/binary"
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The names of the buckets; see the package's page.
const (
	tenantsBucket = "tenants"
	timeBucket    = "time"
	idBucket      = "id"
)

// idBytes is the length of a row's id.
const idBytes = 26

// timeBytes is the length of a time in a key.
const timeBytes = 8

// timeKey is the key of a time and what follows it. Times before 1970 come
// first, as the sign is turned round.
func timeKey(t int64, id string) []byte {
	key := make([]byte, 0, timeBytes+idBytes)
	key = binary.BigEndian.AppendUint64(key, uint64(t)^1<<63)
	return append(key, id...)
}

// splitTimeKey is the inverse of timeKey.
func splitTimeKey(key []byte) (int64, string, error) {
	if len(key) != timeBytes+idBytes {
		return math.MinInt64, "", fmt.Errorf("key %q has %d bytes, want %d", key, len(key), timeBytes+idBytes)
	}
	return int64(binary.BigEndian.Uint64(key) ^ 1<<63), string(key[timeBytes:]), nil
}

// allTenants is the bucket of the tenants, which Open made.
func allTenants(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(tenantsBucket)) }

// buckets are those of one tenant.
type buckets struct{ time, id *bbolt.Bucket }

// ofTenant returns the buckets of a tenant; it reports false if it has no rows.
func ofTenant(tx *bbolt.Tx, tenant profile.TenantID) (buckets, bool, error) {
	if tenant == "" {
		return buckets{}, false, nil
	}
	b := allTenants(tx).Bucket([]byte(tenant))
	if b == nil {
		return buckets{}, false, nil
	}
	bs := buckets{time: b.Bucket([]byte(timeBucket)), id: b.Bucket([]byte(idBucket))}
	if bs.time == nil || bs.id == nil {
		return buckets{}, false, fmt.Errorf("tenant %q lacks a bucket", tenant)
	}
	return bs, true, nil
}

// makeTenant returns the buckets of a tenant, made if they are not there.
func makeTenant(tx *bbolt.Tx, tenant profile.TenantID) (bs buckets, err error) {
	b, err := allTenants(tx).CreateBucketIfNotExists([]byte(tenant))
	if err != nil {
		return bs, err
	}
	for _, sub := range []struct {
		name string
		to   **bbolt.Bucket
	}{{timeBucket, &bs.time}, {idBucket, &bs.id}} {
		if *sub.to, err = b.CreateBucketIfNotExists([]byte(sub.name)); err != nil {
			return bs, err
		}
	}
	return bs, nil
}
