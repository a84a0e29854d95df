package block

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// entry is a dataset, or a shard of one, while it is written to a volume: first
// its series, then its parts by kind and time, then its symbols. One entry of a
// volume is written at a time.
type entry struct {
	v   *volume
	ref DatasetRef

	seriesBase, stackBase, locationBase int64
	contents                            contents // but for the parts
	parts                               []*partContents
	sums                                [][]*partContents // by step of the output
}

// begin begins an entry with these series, which are sorted.
func (v *volume) begin(service string, shard, shards int, list []series) (*entry, error) {
	e := &entry{
		v: v, ref: DatasetRef{Service: service, Shard: shard, Shards: shards},
		seriesBase: v.series, stackBase: v.stacks, locationBase: v.locations,
		sums: make([][]*partContents, len(v.out.meta.Sums)),
	}
	c := seriesColumnsOf(list, int32(v.series))
	e.contents.series = len(list)
	if err := v.encode(SeriesSection, 0, &e.contents.seriesRG, v.series, len(c[seriesID].Int32), c); err != nil {
		return nil, fmt.Errorf("series of %s: %w", service, err)
	}
	v.series += int64(len(list))
	v.entries = append(v.entries, e)
	return e, nil
}

// part writes a part, whose profiles are sorted by series and time and whose
// samples by series, stack trace and time. Their ids count from 0 in the entry
// and the part; those of the samples are changed.
func (e *entry) part(kind int, profiles []row, s *samples) error {
	v := e.v
	pc := newPartContents(kind, profiles)
	c := profileColumnsOf(profiles, kind, int32(v.profiles), int32(e.seriesBase))
	if err := v.encode(ProfilesSection, kind, &pc.profiles, v.profiles, len(profiles), c); err != nil {
		return fmt.Errorf("profiles of %s: %w", e.ref.Service, err)
	}
	c = sampleColumnsOf(s, int32(v.profiles), int32(e.stackBase))
	if err := v.encode(SamplesSection, kind, &pc.samples, v.samples, len(s.stack), c); err != nil {
		return fmt.Errorf("samples of %s: %w", e.ref.Service, err)
	}
	if v.profiles == 0 || pc.minTime < v.min {
		v.min = pc.minTime
	}
	v.max = max(v.max, pc.maxTime)
	v.profiles += int64(len(profiles))
	v.samples += int64(len(s.stack))
	e.parts = append(e.parts, pc)
	if n := len(e.ref.Kinds); n == 0 || e.ref.Kinds[n-1] != kind {
		e.ref.Kinds = append(e.ref.Kinds, kind)
	}
	return nil
}

func newPartContents(kind int, rows []row) *partContents {
	pc := &partContents{kind: kind, minTime: rows[0].time, maxTime: rows[0].time}
	for i := range rows {
		pc.minTime, pc.maxTime = min(pc.minTime, rows[i].time), max(pc.maxTime, rows[i].time)
	}
	return pc
}

// sumsPart writes a part of sums of one of the output's steps, in the same order
// as the profiles of a part: its buckets, and what each stack trace has in them.
// The ids of the sums are changed.
func (e *entry) sumsPart(step, kind int, buckets []row, s *samples) error {
	v := e.v
	pc := newPartContents(kind, buckets)
	meta := &v.out.meta.Sums[step]
	order := step*len(v.out.meta.Kinds) + kind
	c := bucketColumnsOf(buckets, kind, int32(v.buckets), int32(e.seriesBase), meta.Step)
	if err := v.encode(BucketsSection, order, &pc.profiles, v.buckets, len(buckets), c); err != nil {
		return fmt.Errorf("buckets of %s: %w", e.ref.Service, err)
	}
	c = sampleColumnsOf(s, int32(v.buckets), int32(e.stackBase))[:sumColumns]
	if err := v.encode(SumsSection, order, &pc.samples, v.sums, len(s.stack), c); err != nil {
		return fmt.Errorf("sums of %s: %w", e.ref.Service, err)
	}
	meta.Bytes += pc.profiles.length() + pc.samples.length()
	v.buckets += int64(len(buckets))
	v.sums += int64(len(s.stack))
	e.sums[step] = append(e.sums[step], pc)
	return nil
}

// end writes the symbols: these locations of the tables, and stack traces that
// refer to them by their position among them.
func (e *entry) end(symbols *symtab.Table, locations []uint32, stacks Stacks) error {
	v := e.v
	e.contents.locations = len(locations)
	if len(locations) > 0 {
		c := frames(symbols, locations, int32(v.locations))
		if err := v.encode(FramesSection, 0, &e.contents.framesRG, v.locations, len(c[frameLocation].Int32), c); err != nil {
			return fmt.Errorf("frames of %s: %w", e.ref.Service, err)
		}
	} else { // all stack traces are empty
		e.contents.framesRG = rowGroup{columns: make([]int, frameColumns)}
	}
	c := stackColumnsOf(stacks, int32(v.stacks), int32(v.locations))
	if err := v.encode(StacksSection, 0, &e.contents.stacksRG, v.stacks, len(stacks.Parents), c); err != nil {
		return fmt.Errorf("stacks of %s: %w", e.ref.Service, err)
	}
	v.locations += int64(len(locations))
	v.stacks += int64(len(stacks.Parents))
	return nil
}

// tableOfContents returns it when all row groups have their places.
func (e *entry) tableOfContents() *contents {
	c := e.contents
	for _, p := range e.parts {
		c.parts = append(c.parts, *p)
	}
	for i, parts := range e.sums {
		of := sumsContents{step: e.v.out.meta.Sums[i].Step}
		for _, p := range parts {
			of.parts = append(of.parts, *p)
		}
		c.sums = append(c.sums, of)
	}
	return &c
}

// section appends a section. Queries are about one profile type: the rows of a
// kind, and of sums those of a step and kind, lie together over all services.
func (v *volume) section(object []byte, s Section) ([]byte, error) {
	groups := v.groups[s]
	slices.SortStableFunc(groups, func(a, b placed) int { return cmp.Compare(a.order, b.order) })
	list := make([]*parquetfile.RowGroup, len(groups))
	for i := range groups {
		list[i] = groups[i].group
	}
	m := &v.out.meta
	start := int64(len(object))
	object, offsets, err := parquetfile.AppendFile(object, v.out.schemas[s], list, map[string]string{
		"pyrocumulus.section": s.String(), "pyrocumulus.tenant": string(m.Tenant), "pyrocumulus.block": m.ID,
	})
	for i := range offsets {
		groups[i].at.offset = start + offsets[i]
	}
	return object, err
}
