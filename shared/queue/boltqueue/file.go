package boltqueue

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Buckets of the file. Messages are apart from their bodies so that Open need
// not page in the bodies and a delete need not rewrite the neighbours' bodies:
// it removes the message, notes its body as garbage, and bodies are removed
// many at a time.
var (
	bucketMeta     = []byte("meta")     // "id": 8 random bytes; "format"
	bucketMessages = []byte("messages") // sequence: record
	bucketBodies   = []byte("bodies")   // sequence: body
	bucketGarbage  = []byte("garbage")  // sequence of a body without message: its size
	bucketDedup    = []byte("dedup")    // end of the window, sequence: dedupKey

	keyID     = []byte("id")
	keyFormat = []byte("format")
)

// format is the version of what this file describes.
const format = "1"

const (
	// mapBytes is address space, not memory: growing the map stops all readers.
	mapBytes = 1 << 30
	// appendFill fills pages to which keys are only ever appended.
	appendFill = 0.95
)

// openFile opens or creates the file with all its buckets.
func openFile(path string, noSync bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		// A drained queue has millions of free pages; writing their list with
		// each commit would cost more than all the rest. See saveFreelist.
		NoFreelistSync:  true,
		InitialMmapSize: mapBytes,
		NoStatistics:    true,
		NoSync:          noSync,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", path, err)
	}
	if err := errors.Join(db.Update(createBuckets), syncDir(path)); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("prepare file %s: %w", path, err)
	}
	return db, nil
}

func createBuckets(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketMessages, bucketBodies, bucketGarbage, bucketDedup} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	meta := tx.Bucket(bucketMeta)
	switch got := meta.Get(keyFormat); {
	case got == nil:
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		return errors.Join(meta.Put(keyFormat, []byte(format)), meta.Put(keyID, id))
	case string(got) != format:
		return fmt.Errorf("file has format %q, want %q", got, format)
	}
	return nil
}

// saveFreelist has the next Open find the free pages without a walk over the
// whole file. After a crash it walks.
func (q *Queue) saveFreelist() error {
	if q.db.NoSync {
		return nil
	}
	q.db.NoFreelistSync = false
	return q.db.Update(func(*bbolt.Tx) error { return nil })
}

// load fills the memory from the file. What may have been received before, and
// that is everything, counts as received.
func (q *Queue) load() error {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails
	q.nonce = binary.BigEndian.Uint64(seed[:])
	return q.db.View(func(tx *bbolt.Tx) error {
		if copy(q.id[:], tx.Bucket(bucketMeta).Get(keyID)) != len(q.id) {
			return errors.New("file has no id")
		}
		messages := tx.Bucket(bucketMessages)
		q.seq = messages.Sequence()
		return errors.Join(q.loadMessages(messages), q.loadGarbage(tx), q.loadDedup(tx))
	})
}

func (q *Queue) loadMessages(b *bbolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if len(k) != 8 {
			return fmt.Errorf("read message %x: bad key", k)
		}
		r, err := parseRecord(v)
		if err != nil {
			return fmt.Errorf("read message %x: %w", k, err)
		}
		q.index.add(binary.BigEndian.Uint64(k), r.group, r.sent, r.size, 1)
		return nil
	})
}

func (q *Queue) loadGarbage(tx *bbolt.Tx) error {
	return tx.Bucket(bucketGarbage).ForEach(func(k, v []byte) error {
		if len(k) != 8 || len(v) != 4 {
			return fmt.Errorf("read garbage %x: damaged", k)
		}
		q.garbage.add(body{binary.BigEndian.Uint64(k), binary.BigEndian.Uint32(v)})
		return nil
	})
}

func (q *Queue) loadDedup(tx *bbolt.Tx) error {
	err := tx.Bucket(bucketDedup).ForEach(func(k, v []byte) error {
		if len(k) != 16 || len(v) != len(dedupKey{}) {
			return fmt.Errorf("read deduplication id %x: damaged", k)
		}
		q.dedup.add(dedupEntry{dedupKey(v), int64(binary.BigEndian.Uint64(k))})
		return nil
	})
	q.dedup.prune(q.now())
	return err
}
