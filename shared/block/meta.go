package block

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ErrCorrupt is wrapped by errors about a block or its description that is
// damaged or not one of ours.
var ErrCorrupt = errors.New("corrupt block")

// Meta describes a block: what is in its index row and, so that the index can
// be rebuilt, at the end of the last of its objects.
type Meta struct {
	Tenant  profile.TenantID
	ID      string // ULID
	Level   int    // compaction level
	Sources []string
	// MinTime and MaxTime are the times of the earliest and the latest profile,
	// Unix nanoseconds.
	MinTime, MaxTime int64
	Size             int64 // of the objects, bytes
	Profiles         int64 // rows of profiles: one for each series of a pushed profile
	Samples          int64
	// Complete is false in the description at the end of an object behind
	// which others of the block follow: it describes only what was written so
	// far.
	Complete bool
	// Sums says over which steps the block has sums of its profiles, beside the
	// profiles themselves; ascending, each divides the next. Segments have none.
	Sums     []StepSums
	Volumes  []Volume
	Kinds    []Kind       // sorted
	Datasets []DatasetRef // sorted by service, and in the order of the volumes
}

// StepSums is the sums over buckets of time of one length.
type StepSums struct {
	Step  int64 // the length, nanoseconds
	Bytes int64 // of the row groups in all volumes
}

// Volume is one of the objects of a block. Each has all sections and can be
// read without the others.
type Volume struct {
	// Name is what the key of the object has behind the id of the block. In a
	// description at the end of the object itself it is empty; see Meta.SetKey.
	Name             string
	Size             int64 // bytes
	MinTime, MaxTime int64 // of its profiles, Unix nanoseconds
	Sections         [numSections]Extent
}

// Extent is a range of bytes of an object.
type Extent struct{ Offset, Length int64 }

// End is the offset behind the range.
func (e Extent) End() int64 { return e.Offset + e.Length }

// DatasetRef says where the table of contents of a dataset is. A large dataset
// has several, each of the profiles of some of its series or some of its time.
type DatasetRef struct {
	Service string
	Volume  int // position in Meta.Volumes
	// The profiles are those of the series whose SeriesHash modulo Shards is
	// Shard. Shards is a power of two; 1 if there is nothing to divide.
	Shard, Shards int
	Kinds         []int  // positions in Meta.Kinds
	Contents      Extent // in the volume's object
	Checksum      uint32 // of the contents, CRC-32C
	// Sums is the table of contents of the sums of the same profiles, if the
	// block has any.
	Sums         Extent
	SumsChecksum uint32
}

// Key returns the key of the object of a block that has only one, as segments
// have; of others, that of the first.
func (m *Meta) Key() string { return m.VolumeKey(0) }

// VolumeKey returns the key of the object of a volume. The keys of a block's
// objects begin with its id, those of a day lie together, and tenants are apart
// from the first byte on.
func (m *Meta) VolumeKey(volume int) string { return Key(m.Tenant, m.ID) + m.Volumes[volume].Name }

// Keys returns the keys of all objects of the block.
func (m *Meta) Keys() []string {
	out := make([]string, len(m.Volumes))
	for i := range out {
		out[i] = m.VolumeKey(i)
	}
	return out
}

// SetKey tells a description that was read at the end of an object under which
// key that object was found.
func (m *Meta) SetKey(key string) error {
	name, ok := strings.CutPrefix(key, Key(m.Tenant, m.ID))
	if !ok || name != "" && name[0] != '.' {
		return fmt.Errorf("%w: object %s describes block %s of tenant %s", ErrCorrupt, key, m.ID, m.Tenant)
	}
	m.Volumes[len(m.Volumes)-1].Name = name
	return nil
}

// Split returns a description of each volume as if it were a block of its own.
func (m *Meta) Split() []*Meta {
	if len(m.Volumes) == 1 {
		return []*Meta{m}
	}
	out := make([]*Meta, len(m.Volumes))
	for i := range m.Volumes {
		v := *m
		v.Volumes = m.Volumes[i : i+1]
		v.MinTime, v.MaxTime, v.Size = v.Volumes[0].MinTime, v.Volumes[0].MaxTime, v.Volumes[0].Size
		v.Datasets, v.Sums = nil, nil
		for _, s := range m.Sums { // about its share
			share := float64(v.sumBytes()) / float64(max(m.sumBytes(), 1))
			v.Sums = append(v.Sums, StepSums{s.Step, int64(float64(s.Bytes) * share)})
		}
		out[i] = &v
	}
	for _, d := range m.Datasets {
		v := out[d.Volume]
		d.Volume = 0
		v.Datasets = append(v.Datasets, d)
	}
	return out
}

func (m *Meta) sumBytes() int64 { return m.SectionBytes(BucketsSection) + m.SectionBytes(SumsSection) }

// SectionBytes is how large a section is, in all volumes.
func (m *Meta) SectionBytes(s Section) (n int64) {
	for i := range m.Volumes {
		n += m.Volumes[i].Sections[s].Length
	}
	return n
}

// Key returns what the keys of the objects of the block with this id begin
// with. It is all of the key of a segment.
func Key(tenant profile.TenantID, id string) string {
	return Prefix(tenant) + id
}

// IDOf returns the id of the block to which the object with this key belongs.
func IDOf(tenant profile.TenantID, key string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(key, Prefix(tenant)), ".")
	return id
}

// Prefix is what the keys of all blocks of a tenant begin with.
func Prefix(tenant profile.TenantID) string { return string(tenant) + "/blocks/" }
