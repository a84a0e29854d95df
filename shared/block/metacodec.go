package block

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The versions of a description, its first byte. Version 1 knew blocks of one
// object only, version 2 no sums.
const (
	oneVolumeVersion = 1
	noSumsVersion    = 2
	metaVersion      = 3
)

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
	e.times(m.MinTime, m.MaxTime)
	e.uint(uint64(m.Profiles))
	e.uint(uint64(m.Samples))
	e.bool(m.Complete)
	e.uint(uint64(len(m.Sums)))
	for _, s := range m.Sums {
		e.uint(uint64(s.Step))
		e.uint(uint64(s.Bytes))
	}
	e.uint(uint64(len(m.Volumes)))
	for i := range m.Volumes {
		v := &m.Volumes[i]
		e.string(v.Name)
		e.uint(uint64(v.Size))
		e.times(v.MinTime, v.MaxTime)
		e.sections(&v.Sections)
	}
	e.uint(uint64(len(m.Kinds)))
	for i := range m.Kinds {
		e.kind(&m.Kinds[i])
	}
	e.uint(uint64(len(m.Datasets)))
	at, sums := Extent{}, Extent{}
	volume := 0
	for i := range m.Datasets {
		d := &m.Datasets[i]
		e.string(d.Service)
		if d.Volume != volume {
			volume, at, sums = d.Volume, Extent{}, Extent{}
		}
		e.uint(uint64(d.Volume))
		e.uint(uint64(d.Shard))
		e.uint(uint64(d.Shards))
		e.datasetRef(d, at)
		at = d.Contents
		if len(m.Sums) > 0 {
			e.contents(d.Sums, d.SumsChecksum, sums)
			sums = d.Sums
		}
	}
	return e.b
}

func (e *appender) times(from, to int64) {
	e.uint(uint64(from))
	e.uint(uint64(to - from))
}

func (e *appender) sections(s *[numSections]Extent) {
	n := len(s)
	for n > pushedSections && s[n-1].Length == 0 {
		n--
	}
	e.uint(uint64(n))
	for _, x := range s[:n] {
		e.extent(x)
	}
}

// datasetRef writes what all versions have; tables of contents follow one
// another.
func (e *appender) datasetRef(d *DatasetRef, before Extent) {
	e.uint(uint64(len(d.Kinds)))
	for _, k := range d.Kinds {
		e.uint(uint64(k))
	}
	e.contents(d.Contents, d.Checksum, before)
}

func (e *appender) contents(at Extent, checksum uint32, before Extent) {
	e.uint(uint64(at.Offset - before.End()))
	e.uint(uint64(at.Length))
	e.b = binary.LittleEndian.AppendUint32(e.b, checksum)
}

// ParseMeta reads an encoded description.
func ParseMeta(b []byte) (*Meta, error) {
	if len(b) == 0 || b[0] < oneVolumeVersion || b[0] > metaVersion {
		return nil, fmt.Errorf("%w: description is not of version %d to %d", ErrCorrupt, oneVolumeVersion, metaVersion)
	}
	p := parser{b: b[1:]}
	m := &Meta{Tenant: profile.TenantID(p.string()), ID: p.string(), Level: int(p.uint())}
	for range p.count(1) {
		m.Sources = append(m.Sources, p.string())
	}
	m.MinTime, m.MaxTime = p.times()
	if b[0] == oneVolumeVersion {
		m.oneVolume(&p)
	} else {
		m.volumes(&p, b[0])
	}
	if err := p.end(); err != nil {
		return nil, fmt.Errorf("%w: description", err)
	}
	return m, m.check()
}

// oneVolume reads the rest of a description of version 1.
func (m *Meta) oneVolume(p *parser) {
	v := Volume{MinTime: m.MinTime, MaxTime: m.MaxTime}
	m.Size, m.Profiles, m.Samples, m.Complete = p.int(), p.int(), p.int(), true
	v.Size, v.Sections = m.Size, p.sections()
	m.Volumes = []Volume{v}
	m.kinds(p)
	at := Extent{}
	for range p.count(8) {
		d := DatasetRef{Service: p.string(), Shards: 1}
		m.datasetRef(p, &d, at)
		at = d.Contents
		m.Datasets = append(m.Datasets, d)
	}
}

// volumes reads the rest of a description of versions 2 and 3.
func (m *Meta) volumes(p *parser, version byte) {
	m.Profiles, m.Samples, m.Complete = p.int(), p.int(), p.below(2) == 1
	if version > noSumsVersion {
		for range p.count(2) {
			m.Sums = append(m.Sums, StepSums{Step: p.int(), Bytes: p.int()})
		}
	}
	for range p.count(16) {
		v := Volume{Name: p.string(), Size: p.int()}
		v.MinTime, v.MaxTime = p.times()
		v.Sections = p.sections()
		m.Volumes = append(m.Volumes, v)
		m.Size += v.Size
	}
	m.kinds(p)
	at, sums := Extent{}, Extent{}
	volume := 0
	for range p.count(11) {
		d := DatasetRef{
			Service: p.string(), Volume: p.below(len(m.Volumes)),
			Shard: int(p.int()), Shards: int(p.int()),
		}
		if version == noSumsVersion && p.int() != 0 { // the step of sums, which nobody wrote
			p.failed = true
		}
		if d.Volume != volume {
			volume, at, sums = d.Volume, Extent{}, Extent{}
		}
		m.datasetRef(p, &d, at)
		at = d.Contents
		if len(m.Sums) > 0 {
			d.Sums, d.SumsChecksum = p.contents(sums)
			sums = d.Sums
		}
		m.Datasets = append(m.Datasets, d)
	}
}

func (m *Meta) kinds(p *parser) {
	for range p.count(4) {
		m.Kinds = append(m.Kinds, p.kind())
	}
}

func (m *Meta) datasetRef(p *parser, d *DatasetRef, before Extent) {
	for range p.count(1) {
		d.Kinds = append(d.Kinds, p.below(len(m.Kinds)))
	}
	d.Contents, d.Checksum = p.contents(before)
}

func (p *parser) contents(before Extent) (Extent, uint32) {
	return Extent{before.End() + p.int(), p.int()}, p.fixed32()
}

func (p *parser) times() (from, to int64) {
	from = p.int()
	return from, from + p.int()
}

func (p *parser) sections() (s [numSections]Extent) {
	n := p.count(2)
	if n < pushedSections || n > len(s) {
		p.failed = true
		return s
	}
	for i := range s[:n] {
		s[i] = p.extent()
	}
	return s
}

// check refuses ranges that do not lie in their object, and shards and steps
// that are none.
func (m *Meta) check() error {
	ok := len(m.Volumes) > 0 && m.Size >= 0 && m.MinTime >= 0 && m.MaxTime >= m.MinTime
	inside := func(e Extent, size int64) bool {
		return e.Offset >= 0 && e.Length >= 0 && e.End() <= size && e.End() >= e.Offset
	}
	for i := range m.Volumes {
		v := &m.Volumes[i]
		ok = ok && v.MinTime >= 0 && v.MaxTime >= v.MinTime && v.Size >= 0
		for _, s := range v.Sections {
			ok = ok && inside(s, v.Size)
		}
	}
	for i := range m.Datasets {
		d := &m.Datasets[i]
		ok = ok && inside(d.Contents, m.Volumes[d.Volume].Size) && inside(d.Sums, m.Volumes[d.Volume].Size)
		ok = ok && 0 < d.Shards && d.Shards <= maxShards && d.Shards&(d.Shards-1) == 0 && d.Shard < d.Shards
	}
	for i, s := range m.Sums {
		ok = ok && s.Step > 0 && s.Step%stepUnit == 0 && (i == 0 || s.Step > m.Sums[i-1].Step && s.Step%m.Sums[i-1].Step == 0)
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
