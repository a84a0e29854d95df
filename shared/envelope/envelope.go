// Package envelope is the form in which a profile travels from the ingest
// function to the segment function: one queue message for one pushed profile,
// all its sample types together.
//
// Everything that can be wrong with a profile was refused before it got here:
// the profile in an envelope is validated, normalised and within the time
// window that was open when it was accepted. What waits in the queue is never
// judged again.
package envelope

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// MaxInlineBytes is the largest compressed profile that travels in the message
// itself. A larger one is put into the object store first, and the message
// names its key ("claim check"): a quarter of SQS's 1 MiB, where a PUT and a
// GET cost as much as the additional 64 KB units of the message.
const MaxInlineBytes = 256 << 10

// MaxProfileBytes bounds what Unpack yields: above the largest profile that any
// tenant's limits allow.
const MaxProfileBytes = 64 << 20

// ErrMalformed is wrapped by the errors of Decode and Unpack: the message is
// poison, and trying again will not help.
var ErrMalformed = errors.New("malformed envelope")

// Envelope is one pushed profile on its way.
type Envelope struct {
	Tenant     profile.TenantID
	ID         profile.ID     // see profile.PushID
	ReceivedAt int64          // Unix milliseconds, by the clock of ingest
	Labels     profile.Labels // of the push, relabelled and validated
	// Packed is the profile: normalised pprof, packed by Codec.Pack. It is
	// empty if Key is set.
	Packed []byte
	// Key is where in the object store the packed profile is, if it was too
	// large for the message.
	Key string
}

// MaxAge is how long the profile of a large envelope waits in the object store at
// most: longer than its message can, which is 4 days in the queue, 14 days among
// dead letters and 4 days again. A drainer deletes it long before; what is left
// is of clients that pushed again what was stored already, as the queue drops the
// message, and of sends that failed.
const MaxAge = 30 * 24 * time.Hour

// Prefix is how the keys of a tenant's large profiles begin.
func Prefix(tenant profile.TenantID) string { return string(tenant) + "/inbox/" }

// Key returns where the packed profile of a large envelope is stored.
func Key(tenant profile.TenantID, id profile.ID) string {
	return Prefix(tenant) + id.String()
}

// version is the first byte of the encoding. A change that old readers cannot
// follow takes a new number: during a deployment both are in the queue.
const version = 1

// Append appends the encoding of the envelope: version, then tenant, id, time,
// labels, key and packed profile, each string behind its length.
func (e *Envelope) Append(dst []byte) []byte {
	dst = append(dst, version)
	dst = appendString(dst, string(e.Tenant))
	dst = append(dst, e.ID[:]...)
	dst = binary.AppendVarint(dst, e.ReceivedAt)
	dst = binary.AppendUvarint(dst, uint64(len(e.Labels)))
	for _, l := range e.Labels {
		dst = appendString(appendString(dst, l.Name), l.Value)
	}
	dst = appendString(dst, e.Key)
	dst = binary.AppendUvarint(dst, uint64(len(e.Packed)))
	return append(dst, e.Packed...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Decode reads an encoded envelope. Packed refers to b.
func Decode(b []byte) (*Envelope, error) {
	if len(b) == 0 || b[0] != version {
		return nil, fmt.Errorf("%w: not version %d", ErrMalformed, version)
	}
	r := reader{b: b[1:]}
	e := &Envelope{Tenant: profile.TenantID(r.bytes())}
	copy(e.ID[:], r.take(uint64(len(e.ID))))
	e.ReceivedAt = r.varint()
	n := r.uvarint()
	if n > uint64(len(r.b)) { // a label takes two bytes at least
		r.failed = true
	}
	if !r.failed {
		e.Labels = make(profile.Labels, 0, n)
		for range n {
			e.Labels = append(e.Labels, profile.Label{Name: string(r.bytes()), Value: string(r.bytes())})
		}
	}
	e.Key = string(r.bytes())
	e.Packed = r.bytes()
	if r.failed || len(r.b) != 0 {
		return nil, fmt.Errorf("%w: cut off or too long", ErrMalformed)
	}
	if err := e.Tenant.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

// reader takes values off the front of b. After a failure all it returns is
// zero.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.b)) {
		r.failed = true
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || r.failed {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 || r.failed {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Codec packs and unpacks profiles. It may be used by many goroutines.
type Codec struct {
	enc     *zstd.Encoder
	dec     *zstd.Decoder
	scratch sync.Pool // of *[]byte, for Pack
}

// NewCodec returns a codec; it holds some buffers for each processor.
func NewCodec() (*Codec, error) {
	// The fastest level: the queue keeps a message for seconds, and the time
	// to pack it is paid for every profile.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, fmt.Errorf("make zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(MaxProfileBytes))
	if err != nil {
		return nil, fmt.Errorf("make zstd decoder: %w", err)
	}
	return &Codec{enc: enc, dec: dec}, nil
}

// maxScratch is the largest buffer that is kept to pack the next profile.
const maxScratch = 5 << 20

// Pack compresses a profile for an envelope. The result has no room to spare:
// how much a profile shrinks is not known before, and it may be kept for long.
func (c *Codec) Pack(pprof []byte) []byte {
	scratch, _ := c.scratch.Get().(*[]byte)
	if scratch == nil {
		scratch = new([]byte)
	}
	*scratch = c.enc.EncodeAll(pprof, (*scratch)[:0])
	packed := bytes.Clone(*scratch)
	if cap(*scratch) <= maxScratch {
		c.scratch.Put(scratch)
	}
	return packed
}

// Unpack returns the profile of an envelope, appended to dst.
func (c *Codec) Unpack(packed, dst []byte) ([]byte, error) {
	out, err := c.dec.DecodeAll(packed, dst)
	if err != nil {
		return nil, fmt.Errorf("%w: unpack profile: %w", ErrMalformed, err)
	}
	return out, nil
}
