package boltrecords

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// wrap says of an error what was being done.
func wrap(doing string, n records.Name, err error) error {
	return fmt.Errorf("%s %s %.60q of tenant %s: %w", doing, n.Kind, n.Key, n.Tenant, err)
}

// there returns the value of a key; it reports false if it is not there.
func (s *Store) there(tx *bbolt.Tx, key []byte) (v stored, ok bool, err error) {
	b := tx.Bucket([]byte(valuesBucket)).Get(key)
	if b == nil {
		return v, false, nil
	}
	v, err = storedOf(b)
	return v, err == nil && !gone(v.expires, s.now()), err
}

func (v stored) record(n records.Name) records.Record {
	return records.Record{Name: n, Value: bytes.Clone(v.value), Version: v.version, Expires: timeOf(v.expires)}
}

// Get is Store's.
func (s *Store) Get(ctx context.Context, name records.Name) (r records.Record, err error) {
	if err := name.Validate(); err != nil {
		return r, fmt.Errorf("get record: %w", err)
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		v, ok, err := s.there(tx, keyOf(name))
		if err == nil && !ok {
			err = records.ErrNotFound
		}
		r = v.record(name)
		return err
	})
	if err != nil {
		return records.Record{}, wrap("get record", name, err)
	}
	return r, nil
}

// List is Store's.
func (s *Store) List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error) {
	name := records.Name{Tenant: tenant, Kind: kind, Key: "any"}
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	var out []records.Record
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		prefix := prefixOf(name)
		c := tx.Bucket([]byte(valuesBucket)).Cursor()
		for key, b := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, b = c.Next() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			v, err := storedOf(b)
			if err != nil {
				return err
			}
			if !gone(v.expires, s.now()) {
				name.Key = string(key[len(prefix):])
				out = append(out, v.record(name))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list records %s of tenant %s: %w", kind, tenant, err)
	}
	return out, nil
}

// Put is Store's.
func (s *Store) Put(ctx context.Context, r records.Record) (version uint64, err error) {
	if err := r.Validate(); err != nil {
		return 0, fmt.Errorf("put record: %w", err)
	}
	conflict := false
	err = s.update(ctx, func(tx *bbolt.Tx) (err error) {
		version, err = s.put(tx, r)
		conflict = version == 0
		return err
	})
	if err == nil && conflict {
		err = records.ErrConflict
	}
	if err != nil {
		return 0, wrap("put record", r.Name, err)
	}
	return version, nil
}

// put returns 0, and changes nothing, if the record has another version.
func (s *Store) put(tx *bbolt.Tx, r records.Record) (uint64, error) {
	key := keyOf(r.Name)
	old, ok, err := s.there(tx, key)
	if err != nil || ok != (r.Version != 0) || ok && old.version != r.Version {
		return 0, err
	}
	values := tx.Bucket([]byte(valuesBucket))
	version, err := values.NextSequence()
	if err != nil {
		return 0, err
	}
	v := stored{version, seconds(r.Expires), r.Value}
	// old is also set if it has expired and was not purged.
	if err := reschedule(tx, inValues, key, old.expires, v.expires); err != nil {
		return 0, err
	}
	return version, values.Put(key, v.append(nil))
}

// Delete is Store's.
func (s *Store) Delete(ctx context.Context, name records.Name, version uint64) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("delete record: %w", err)
	}
	conflict := false
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		key := keyOf(name)
		old, ok, err := s.there(tx, key)
		if conflict = !ok || old.version != version; conflict || err != nil {
			return err
		}
		if err := reschedule(tx, inValues, key, old.expires, 0); err != nil {
			return err
		}
		return tx.Bucket([]byte(valuesBucket)).Delete(key)
	})
	if err == nil && conflict {
		err = records.ErrConflict
	}
	if err != nil {
		return wrap("delete record", name, err)
	}
	return nil
}

// Add is Store's.
func (s *Store) Add(ctx context.Context, name records.Name, delta int64, expires time.Time) (total int64, err error) {
	if err := name.Validate(); err != nil {
		return 0, fmt.Errorf("add to counter: %w", err)
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		total, err = s.add(tx, keyOf(name), delta, seconds(expires))
		return err
	})
	if err != nil {
		return 0, wrap("add to counter", name, err)
	}
	return total, nil
}

func (s *Store) add(tx *bbolt.Tx, key []byte, delta, expires int64) (int64, error) {
	counters := tx.Bucket([]byte(countersBucket))
	var c count
	if b := counters.Get(key); b != nil {
		var err error
		if c, err = countOf(b); err != nil {
			return 0, err
		}
	}
	before := c.expires
	if gone(c.expires, s.now()) {
		c.total = 0
	}
	c.total, c.expires = c.total+delta, expires
	if err := reschedule(tx, inCounters, key, before, expires); err != nil {
		return 0, err
	}
	return c.total, counters.Put(key, c.bytes())
}
