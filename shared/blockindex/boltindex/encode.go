package boltindex

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// A row is encoded as what its key does not say:
//
//	version      1 byte, 1
//	level        1 byte
//	span         uvarint, MaxTime - MinTime
//	CommittedAt  varint
//	sources      uvarint, how many, and for each
//	               the byte 0 and the 16 bytes of a ULID, or
//	               uvarint n+1 and the n bytes of any other string
//	detail       the rest
const version = 1

var errShort = errors.New("it ends too early")

// encode appends the encoded row.
func encode(b []byte, r *blockindex.Row) []byte {
	b = append(b, version, byte(r.Level))
	b = binary.AppendUvarint(b, uint64(r.MaxTime-r.MinTime))
	b = binary.AppendVarint(b, r.CommittedAt)
	b = binary.AppendUvarint(b, uint64(len(r.Sources)))
	for _, s := range r.Sources {
		// ParseStrict takes lower case too, of which String would make upper case.
		if u, err := ulid.ParseStrict(s); err == nil && u.String() == s {
			b = append(append(b, 0), u[:]...)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(s))+1)
		b = append(b, s...)
	}
	return append(b, r.Detail...)
}

// decode reads the row that is stored under a key of the time bucket. The row
// does not refer to value. The error names the row.
func decode(tenant profile.TenantID, minTime int64, id string, value []byte) (blockindex.Row, error) {
	r := blockindex.Row{Tenant: tenant, ID: id, MinTime: minTime}
	d := decoder{rest: value}
	d.row(&r)
	if d.err == nil {
		d.err = r.Validate()
	}
	if d.err != nil {
		return blockindex.Row{}, fmt.Errorf("decode row %q of tenant %q: %w", id, tenant, d.err)
	}
	return r, nil
}

// endsBefore reports whether the row ends before an instant, by no more of the
// encoded row than that takes. Of one that it cannot read it says no, and
// decode will say why.
func endsBefore(instant, minTime int64, value []byte) bool {
	r := blockindex.Row{MinTime: minTime}
	d := decoder{rest: value}
	d.times(&r)
	return d.err == nil && minTime <= r.MaxTime && r.MaxTime < instant
}

// decoder takes an encoded row apart, up to the first error.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) times(r *blockindex.Row) {
	if v := d.take(1); d.err == nil && v[0] != version {
		d.err = fmt.Errorf("version %d, want %d", v[0], version)
	}
	if l := d.take(1); d.err == nil {
		r.Level = int(l[0])
	}
	span := d.uvarint(uint64(blockindex.MaxSpan), "span")
	r.MaxTime = r.MinTime + int64(span)
}

func (d *decoder) row(r *blockindex.Row) {
	d.times(r)
	r.CommittedAt = d.varint()
	n := d.uvarint(blockindex.MaxSources, "number of sources")
	if d.err == nil && n > 0 {
		r.Sources = make([]string, 0, n)
	}
	for range n {
		if d.err != nil {
			return
		}
		r.Sources = append(r.Sources, d.source())
	}
	if len(d.rest) > 0 {
		r.Detail = append([]byte(nil), d.rest...)
	}
}

func (d *decoder) source() string {
	n := d.uvarint(uint64(len(d.rest)), "length of a source")
	if d.err == nil && n > 0 {
		return string(d.take(int(n - 1)))
	}
	var u ulid.ULID
	if b := d.take(len(u)); d.err == nil {
		copy(u[:], b)
	}
	return u.String()
}

func (d *decoder) take(n int) []byte {
	if d.err == nil && n > len(d.rest) {
		d.err = errShort
	}
	if d.err != nil {
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uvarint(limit uint64, what string) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	if d.err == nil && v > limit {
		d.err = fmt.Errorf("%s %d, more than %d", what, v, limit)
	}
	if d.err != nil {
		return 0
	}
	return v
}

func (d *decoder) varint() int64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Varint(d.rest)
	d.skip(n)
	return v
}

// skip goes past a number of n bytes, as encoding/binary tells it.
func (d *decoder) skip(n int) {
	switch {
	case n == 0:
		d.err = errShort
	case n < 0:
		d.err = errors.New("a number is too large")
	default:
		d.rest = d.rest[n:]
	}
}
