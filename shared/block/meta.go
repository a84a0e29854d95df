package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ErrCorrupt is wrapped by errors about a block or its description that is
// damaged or not one of ours.
var ErrCorrupt = errors.New("corrupt block")

// Meta describes a block: what is in its index row and, so that the index can
// be rebuilt, at the end of its object.
type Meta struct {
	Tenant  profile.TenantID
	ID      string // ULID
	Level   int    // compaction level
	Sources []string
	// MinTime and MaxTime are the times of the earliest and the latest profile,
	// Unix nanoseconds.
	MinTime, MaxTime int64
	Size             int64 // of the object, bytes
	Profiles         int64 // rows of profiles: one for each series of a pushed profile
	Samples          int64
	Sections         [numSections]Extent
	Kinds            []Kind       // sorted
	Datasets         []DatasetRef // sorted by service
}

// Extent is a range of bytes of the object.
type Extent struct{ Offset, Length int64 }

// End is the offset behind the range.
func (e Extent) End() int64 { return e.Offset + e.Length }

// DatasetRef says where the table of contents of a dataset is.
type DatasetRef struct {
	Service  string
	Kinds    []int  // positions in Meta.Kinds
	Contents Extent // in the object
	Checksum uint32 // of the contents, CRC-32C
}

// Key is the key of a block's object. Keys of a day lie together, and tenants
// are apart from the first byte on.
func (m *Meta) Key() string { return Key(m.Tenant, m.ID) }

// Key returns the key of the object of the block with this id.
func Key(tenant profile.TenantID, id string) string {
	return string(tenant) + "/blocks/" + id
}

// Prefix is what the keys of all blocks of a tenant begin with.
func Prefix(tenant profile.TenantID) string { return string(tenant) + "/blocks/" }

// metaVersion is the first byte of an encoded description.
const metaVersion = 1

// Append appends the encoded description, as it is kept in the index row and
// in the object.
func (m *Meta) Append(b []byte) []byte {
	e := appender{append(b, metaVersion)}
	e.string(string(m.Tenant))
	e.string(m.ID)
	e.uint(uint64(m.Level))
	e.uint(uint64(len(m.Sources)))
	for _, s := range m.Sources {
		e.string(s)
	}
	e.uint(uint64(m.MinTime))
	e.uint(uint64(m.MaxTime - m.MinTime))
	e.uint(uint64(m.Size))
	e.uint(uint64(m.Profiles))
	e.uint(uint64(m.Samples))
	e.uint(uint64(len(m.Sections)))
	for _, s := range m.Sections {
		e.extent(s)
	}
	e.uint(uint64(len(m.Kinds)))
	for i := range m.Kinds {
		e.kind(&m.Kinds[i])
	}
	e.uint(uint64(len(m.Datasets)))
	at := int64(0)
	for i := range m.Datasets {
		d := &m.Datasets[i]
		e.string(d.Service)
		e.uint(uint64(len(d.Kinds)))
		for _, k := range d.Kinds {
			e.uint(uint64(k))
		}
		e.uint(uint64(d.Contents.Offset - at)) // they follow one another
		e.uint(uint64(d.Contents.Length))
		at = d.Contents.End()
		e.b = binary.LittleEndian.AppendUint32(e.b, d.Checksum)
	}
	return e.b
}

// ParseMeta reads an encoded description.
func ParseMeta(b []byte) (*Meta, error) {
	if len(b) == 0 || b[0] != metaVersion {
		return nil, fmt.Errorf("%w: description is not of version %d", ErrCorrupt, metaVersion)
	}
	p := parser{b: b[1:]}
	m := &Meta{Tenant: profile.TenantID(p.string()), ID: p.string(), Level: int(p.uint())}
	for range p.count(1) {
		m.Sources = append(m.Sources, p.string())
	}
	m.MinTime = p.int()
	m.MaxTime = m.MinTime + p.int()
	m.Size, m.Profiles, m.Samples = p.int(), p.int(), p.int()
	if n := p.count(2); n != len(m.Sections) {
		p.failed = true
	}
	for i := range m.Sections {
		m.Sections[i] = p.extent()
	}
	for range p.count(4) {
		m.Kinds = append(m.Kinds, p.kind())
	}
	at := int64(0)
	for range p.count(8) {
		d := DatasetRef{Service: p.string()}
		for range p.count(1) {
			d.Kinds = append(d.Kinds, p.below(len(m.Kinds)))
		}
		d.Contents = Extent{at + p.int(), p.int()}
		at = d.Contents.End()
		d.Checksum = p.fixed32()
		m.Datasets = append(m.Datasets, d)
	}
	if err := p.end(); err != nil {
		return nil, fmt.Errorf("%w: description", err)
	}
	return m, m.check()
}

// check refuses ranges that do not lie in the object.
func (m *Meta) check() error {
	inside := func(e Extent) bool { return e.Offset >= 0 && e.Length >= 0 && e.End() <= m.Size && e.End() >= e.Offset }
	ok := m.MinTime >= 0 && m.MaxTime >= m.MinTime && m.Size >= 0
	for _, s := range m.Sections {
		ok = ok && inside(s)
	}
	for i := range m.Datasets {
		ok = ok && inside(m.Datasets[i].Contents)
	}
	if !ok {
		return fmt.Errorf("%w: description of %s: a range lies outside", ErrCorrupt, m.ID)
	}
	return nil
}

// The end of an object: the description, its length and checksum, and a mark.
const (
	tailMagic = "PYRC"
	tailBytes = 12
)

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// appendTail ends an object with its description.
func appendTail(b []byte, meta []byte) []byte {
	b = append(b, meta...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(meta)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(meta, castagnoli()))
	return append(b, tailMagic...)
}

// ParseTail reads the description at the end of an object, of which b is the
// last part or all. If b is too short it returns how many bytes it takes.
func ParseTail(b []byte) (m *Meta, need int, err error) {
	if len(b) < tailBytes || string(b[len(b)-4:]) != tailMagic {
		return nil, 0, fmt.Errorf("%w: it does not end as a block", ErrCorrupt)
	}
	end := len(b) - tailBytes
	n := int64(binary.LittleEndian.Uint32(b[end:]))
	if n > int64(end) {
		return nil, int(n) + tailBytes, nil
	}
	meta := b[int64(end)-n : end]
	if crc32.Checksum(meta, castagnoli()) != binary.LittleEndian.Uint32(b[end+4:]) {
		return nil, 0, fmt.Errorf("%w: checksum of the description does not match", ErrCorrupt)
	}
	m, err = ParseMeta(meta)
	return m, 0, err
}
