package boltrecords

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// The names of the buckets; see the package's page.
const (
	valuesBucket   = "values"
	countersBucket = "counters"
	expiryBucket   = "expiry"
)

const numberBytes = 8

// prefixOf is how the keys of a tenant's kind begin.
func prefixOf(n records.Name) []byte {
	key := append([]byte(n.Tenant), 0)
	return append(append(key, n.Kind...), 0)
}

func keyOf(n records.Name) []byte { return append(prefixOf(n), n.Key...) }

// seconds is a time as it is stored; 0 stands for the zero time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(t.Unix(), 1) // before 1970 is as long past as 1970
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// gone reports whether what expires then is not there any more.
func gone(expires int64, now time.Time) bool { return expires != 0 && now.Unix() >= expires }

// stored is a value as it is in the file.
type stored struct {
	version uint64
	expires int64
	value   []byte // of the file: not to be changed, nor kept
}

func (v stored) append(to []byte) []byte {
	to = binary.BigEndian.AppendUint64(to, v.version)
	to = binary.BigEndian.AppendUint64(to, uint64(v.expires))
	return append(to, v.value...)
}

func storedOf(b []byte) (stored, error) {
	if len(b) < 2*numberBytes {
		return stored{}, fmt.Errorf("value of %d bytes, want %d at least", len(b), 2*numberBytes)
	}
	return stored{binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[numberBytes:])), b[2*numberBytes:]}, nil
}

// count is a counter as it is in the file.
type count struct{ expires, total int64 }

func (c count) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.expires))
	return binary.BigEndian.AppendUint64(b, uint64(c.total))
}

func countOf(b []byte) (count, error) {
	if len(b) != 2*numberBytes {
		return count{}, fmt.Errorf("counter of %d bytes, want %d", len(b), 2*numberBytes)
	}
	return count{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[numberBytes:]))}, nil
}

// The buckets of what expires, in keys of "expiry".
const (
	inValues   = 'v'
	inCounters = 'c'
)

func expiryKey(expires int64, in byte, key []byte) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(expires))
	return append(append(out, in), key...)
}

// reschedule notes that a thing expires at another time, if it does.
func reschedule(tx *bbolt.Tx, in byte, key []byte, before, after int64) error {
	b := tx.Bucket([]byte(expiryBucket))
	if before == after {
		return nil
	}
	if before != 0 {
		if err := b.Delete(expiryKey(before, in, key)); err != nil {
			return err
		}
	}
	if after == 0 {
		return nil
	}
	return b.Put(expiryKey(after, in, key), nil)
}

// purge deletes some of what has expired.
func purge(tx *bbolt.Tx, now time.Time) error {
	b := tx.Bucket([]byte(expiryBucket))
	var due [][]byte
	c := b.Cursor()
	for key, _ := c.First(); key != nil && len(due) < purgeLimit; key, _ = c.Next() {
		if !gone(int64(binary.BigEndian.Uint64(key)), now) {
			break
		}
		due = append(due, bytes.Clone(key))
	}
	for _, key := range due {
		name := valuesBucket
		if key[numberBytes] == inCounters {
			name = countersBucket
		}
		if err := tx.Bucket([]byte(name)).Delete(key[numberBytes+1:]); err != nil {
			return err
		}
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
