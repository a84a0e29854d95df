// Package objstore is the contract with the object store: immutable objects,
// written once if absent, read whole or by range.
//
// It is cut to what Amazon S3 gives. Adapters translate and nothing more: they
// neither batch nor retry (beyond what the SDK does), nor decide anything.
// The suite in objstoretest checks every sentence of this page.
//
// Guarantees, of every adapter:
//
//   - Durability. When Put returns nil, the object survives the loss of the
//     process and the machine's restart.
//   - Consistency. A read or List that begins after a Put or Delete returned
//     sees its effect, from every process.
//   - Immutability. An object is never changed. A key may be used again only
//     after its object was deleted, which no code of ours does.
//   - Atomicity. Readers see all of an object or nothing. Of several Puts of
//     one key at once exactly one stores its object.
//   - Unknown outcome. An error other than the ones named here leaves it
//     unknown whether a Put or Delete took place. Calling again with the same
//     arguments is always safe.
//   - Concurrency. All methods may be called from many goroutines.
//   - Cancellation. A cancelled context ends a call early with an error that
//     wraps context.Cause(ctx); the outcome is then unknown.
package objstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the longest key (S3: 1,024 bytes of UTF-8).
const MaxKeyBytes = 1024

// MaxObjectBytes is the largest object that Put takes: the limit of a single
// PUT of S3, 5 GiB.
const MaxObjectBytes = 5 << 30

// MaxListKeys is the most that one List returns, as in S3.
const MaxListKeys = 1000

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotExist is returned for a key without an object.
	ErrNotExist = errors.New("object does not exist")
	// ErrExists is returned by Put for a key whose object has other content.
	ErrExists = errors.New("object exists with other content")
	// ErrArchived is returned by reads of an object that lies in a storage class
	// from which it has to be restored first, which takes hours. Only stores
	// with such classes return it.
	ErrArchived = errors.New("object is archived and has to be restored first")
	// ErrRange is returned by GetRange for a range that does not lie in the
	// object.
	ErrRange = errors.New("range outside the object")
	// ErrKey is returned for a key that no adapter may accept; see CheckKey.
	ErrKey = errors.New("bad object key")
)

// Reader reads objects.
type Reader interface {
	// Get returns the whole object. The caller owns the bytes.
	Get(ctx context.Context, key string) ([]byte, error)
	// GetRange returns length bytes from offset on; both must lie in the
	// object, else ErrRange. A length of 0 is ErrRange too (S3 cannot ask for
	// no bytes). The caller owns the bytes.
	GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error)
}

// Putter writes objects. Most functions delete none, and may not.
type Putter interface {
	// Put stores an object under a key that has none. If the key has an object
	// with equal content Put succeeds, so that it can be called again after an
	// unknown outcome; with other content it returns ErrExists and changes
	// nothing. The adapter does not keep body.
	Put(ctx context.Context, key string, body []byte) error
}

// Writer writes and deletes objects.
type Writer interface {
	Putter
	// Delete removes an object; that there is none is not an error (S3 does
	// not tell).
	Delete(ctx context.Context, key string) error
}

// Lister lists objects. Nothing on the way of a profile lists; recovery and
// garbage collection do.
type Lister interface {
	// List returns the objects whose keys begin with prefix and are greater
	// than after ("" for all), in the order of their keys' bytes, at most
	// limit (1 to MaxListKeys) of them. Fewer than limit are the end.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)
}

// Store is all of an object store. Functions ask for the part that they need,
// and are granted no more.
type Store interface {
	Reader
	Writer
	Lister
}

// Info describes an object in a list.
type Info struct {
	Key  string
	Size int64 // bytes
	// ModifiedUnixMilli is when the object was stored by the store's clock,
	// Unix milliseconds; S3 rounds to seconds.
	ModifiedUnixMilli int64
}

// CheckKey reports whether the key is one that every adapter accepts: 1 to
// MaxKeyBytes bytes of valid UTF-8 without control characters or backslashes,
// made of parts divided by "/" of which none is empty, "." or "..". The error
// wraps ErrKey.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKeyBytes {
		return fmt.Errorf("%w: %d bytes, want 1 to %d", ErrKey, len(key), MaxKeyBytes)
	}
	if !utf8.ValidString(key) {
		return fmt.Errorf("%w %q: not UTF-8", ErrKey, key)
	}
	for _, r := range key {
		if r < ' ' || r == 0x7f || r == '\\' {
			return fmt.Errorf("%w %q: character %q", ErrKey, key, r)
		}
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%w %q: part %q", ErrKey, key, part)
		}
	}
	return nil
}
