package block

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
)

// Put stores an object of a block under its key, as objstore.Writer does. It
// must not keep the bytes.
type Put func(ctx context.Context, key string, object []byte) error

// output is a block that is being written, a volume after another.
type output struct {
	meta     Meta // of the volumes written so far; the kinds are those of all
	put      Put
	schemas  [numSections]parquetfile.Schema
	encoders [numSections]*parquetfile.Encoder
	// named volumes bear names that follow from their content, so that writers
	// that disagree about the bytes do not get into each other's way.
	named  bool
	volume *volume // that is being written
}

// newOutput returns the output of a block with these kinds, which are sorted.
func newOutput(meta Meta, small bool, put Put) (*output, error) {
	level := zstd.SpeedFastest
	if small {
		level = zstd.SpeedBetterCompression
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("make zstd encoder: %w", err)
	}
	o := &output{meta: meta, put: put, schemas: schemas()}
	for s := range o.encoders {
		o.encoders[s] = parquetfile.NewEncoder(o.schemas[s], enc, small)
	}
	o.volume = &volume{out: o}
	return o, nil
}

// finish writes the volume and begins the next; complete says that there will
// be none.
func (o *output) finish(ctx context.Context, complete bool) error {
	v := o.volume
	o.volume = &volume{out: o}
	o.meta.Complete = complete
	object, err := v.assemble()
	if err != nil {
		return err
	}
	last := len(o.meta.Volumes) - 1
	if o.named {
		sum := sha256.Sum256(object)
		o.meta.Volumes[last].Name = fmt.Sprintf(".%03d.%x", last, sum[:8])
	}
	if err := o.put(ctx, o.meta.VolumeKey(last), object); err != nil {
		return fmt.Errorf("put volume %d: %w", last, err)
	}
	return nil
}

// volume is an object of a block while it is put together: row groups that are
// encoded, and have no place yet.
type volume struct {
	out      *output
	groups   [numSections][]placed
	size     int64 // of the row groups
	entries  []*entry
	min, max int64
	// How many series, locations, … there are: the next ids.
	series, locations, stacks, profiles, samples, buckets, sums int64
}

// placed is a row group and where to note its place.
type placed struct {
	order int // in its section; of equal ones as they were written
	group *parquetfile.RowGroup
	at    *rowGroup
}

// encode encodes a row group; at is filled in at once but for the offset, which
// is known when the volume is assembled.
func (v *volume) encode(s Section, order int, at *rowGroup, base int64, rows int, columns []parquetfile.Data) error {
	if base+int64(rows) > maxRows {
		return fmt.Errorf("more than %d rows", maxRows)
	}
	g, err := v.out.encoders[s].RowGroup(columns...)
	if err != nil {
		return err
	}
	*at = rowGroup{base: base, rows: rows, columns: g.Lengths}
	v.groups[s] = append(v.groups[s], placed{order, g, at})
	v.size += int64(g.Size())
	return nil
}

// assemble puts the object together and describes it in the output's meta.
func (v *volume) assemble() ([]byte, error) {
	if err := v.kinds(); err != nil {
		return nil, err
	}
	number := len(v.out.meta.Volumes)
	described := Volume{MinTime: v.min, MaxTime: v.max}
	object := make([]byte, 0, v.size+v.size/64+(64<<10))
	for _, s := range layout() {
		start := int64(len(object))
		if len(v.groups[s]) == 0 && s >= BucketsSection {
			continue
		}
		var err error
		if object, err = v.section(object, s); err != nil {
			return nil, fmt.Errorf("section %v: %w", s, err)
		}
		described.Sections[s] = Extent{start, int64(len(object)) - start}
	}
	m := &v.out.meta
	for _, e := range v.entries {
		at := len(object)
		object = e.tableOfContents().append(object)
		e.ref.Volume, e.ref.Contents = number, Extent{int64(at), int64(len(object) - at)}
		e.ref.Checksum = crc32.Checksum(object[at:], castagnoli())
	}
	for _, e := range v.entries {
		if len(m.Sums) > 0 {
			at := len(object)
			object = e.tableOfContents().appendSums(object)
			e.ref.Sums, e.ref.SumsChecksum = Extent{int64(at), int64(len(object) - at)}, crc32.Checksum(object[at:], castagnoli())
		}
		m.Datasets = append(m.Datasets, e.ref)
	}
	if number == 0 || v.min < m.MinTime {
		m.MinTime = v.min
	}
	m.MaxTime = max(m.MaxTime, v.max)
	m.Profiles, m.Samples = m.Profiles+v.profiles, m.Samples+v.samples
	m.Volumes = append(m.Volumes, described)
	return m.end(object), nil
}

// end appends the description of the last volume and sets its size, which
// depends on how long the description is.
func (m *Meta) end(object []byte) []byte {
	before := m.Size
	v := &m.Volumes[len(m.Volumes)-1]
	for size := len(object); ; {
		v.Size = int64(size)
		encoded := m.Append(nil)
		n := len(object) + len(encoded) + tailBytes
		if n == size {
			m.Size = before + v.Size
			return appendTail(object, encoded)
		}
		size = n
	}
}
