package block

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Build writes the block and leaves the builder unusable. The result is the
// object and its description. A block without profiles is an error.
func (b *Builder) Build(tenant profile.TenantID, id string, level int, sources []string) ([]byte, *Meta, error) {
	if b.profiles == 0 {
		return nil, nil, fmt.Errorf("build block %s: it has no profiles", id)
	}
	zlevel := zstd.SpeedFastest
	if b.opts.Small {
		zlevel = zstd.SpeedBetterCompression
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zlevel), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, nil, fmt.Errorf("build block %s: %w", id, err)
	}
	w := &writer{
		builder: b, enc: enc, schemas: schemas(),
		meta: Meta{
			Tenant: tenant, ID: id, Level: level, Sources: sources, MinTime: b.min, MaxTime: b.max,
			Profiles: b.profiles, Samples: b.samples,
		},
	}
	w.sortAll()
	for _, step := range []func() error{w.kinds, w.series, w.frames, w.stacks, w.profiles, w.samples} {
		if err := step(); err != nil {
			return nil, nil, fmt.Errorf("build block %s: %w", id, err)
		}
	}
	w.tail()
	return w.buf, &w.meta, nil
}

// writer is the state of Build.
type writer struct {
	builder  *Builder
	enc      *zstd.Encoder
	schemas  [numSections]parquetfile.Schema
	meta     Meta
	buf      []byte
	file     *parquetfile.Writer
	start    int64 // of the section that is being written
	datasets []*sortedDataset
	order    []partRef // of all parts, by kind, service and time
}

// sortedDataset is a dataset in the order in which it is written.
type sortedDataset struct {
	*dataset
	seriesBase, stackBase, locationBase int64
	contents                            contents
}

// partRef is a part of a dataset and its place in the table of contents.
type partRef struct {
	*part
	dataset *sortedDataset
	entry   int
}

// sortAll puts kinds, datasets, series and parts into their order.
func (w *writer) sortAll() {
	b := w.builder
	order := make([]int, len(b.kinds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return b.kinds[x].compare(&b.kinds[y]) })
	rank := make([]int, len(order))
	for r, i := range order {
		rank[i] = r
		w.meta.Kinds = append(w.meta.Kinds, b.kinds[i])
	}
	for _, d := range b.datasets {
		d.sortSeries(rank)
		w.datasets = append(w.datasets, &sortedDataset{dataset: d})
	}
	slices.SortFunc(w.datasets, func(x, y *sortedDataset) int { return strings.Compare(x.service, y.service) })
	for _, d := range w.datasets {
		w.sortParts(d, rank)
	}
	// Queries are about one profile type: its rows lie together over all
	// services.
	slices.SortStableFunc(w.order, func(x, y partRef) int { return x.kind - y.kind })
}

// sortParts orders the parts of a dataset by kind and time.
func (w *writer) sortParts(d *sortedDataset, rank []int) {
	var parts []*part
	for _, p := range d.parts {
		p.kind = rank[p.kind]
		p.sort(len(d.series), len(d.symbols.Stacks.Parents))
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(x, y *part) int {
		if x.kind != y.kind {
			return x.kind - y.kind
		}
		if x.slice < y.slice {
			return -1
		}
		return 1
	})
	ref := DatasetRef{Service: d.service}
	for i, p := range parts {
		if n := len(ref.Kinds); n == 0 || ref.Kinds[n-1] != p.kind {
			ref.Kinds = append(ref.Kinds, p.kind)
		}
		w.order = append(w.order, partRef{part: p, dataset: d, entry: i})
	}
	d.contents.parts = make([]partContents, len(parts))
	w.meta.Datasets = append(w.meta.Datasets, ref)
}

// begin starts a section.
func (w *writer) begin(s Section) {
	w.start = int64(len(w.buf))
	w.file = parquetfile.NewWriter(w.buf, w.schemas[s], w.enc, w.builder.opts.Small)
}

// end ends it.
func (w *writer) end(s Section) error {
	buf, err := w.file.Close(map[string]string{
		"pyrocumulus.section": s.String(), "pyrocumulus.tenant": string(w.meta.Tenant), "pyrocumulus.block": w.meta.ID,
	})
	if err != nil {
		return fmt.Errorf("section %v: %w", s, err)
	}
	w.buf = buf
	w.meta.Sections[s] = Extent{w.start, int64(len(buf)) - w.start}
	return nil
}

// rowGroup writes a row group of the section and returns where it is.
func (w *writer) rowGroup(base int64, rows int, columns []parquetfile.Data) (rowGroup, error) {
	g := rowGroup{offset: w.start + w.file.Offset(), base: base, rows: rows}
	lengths, err := w.file.RowGroup(columns...)
	g.columns = slices.Clone(lengths)
	return g, err
}

// tail writes the tables of contents and the description.
func (w *writer) tail() {
	for i, d := range w.datasets {
		ref := &w.meta.Datasets[i]
		at := len(w.buf)
		w.buf = d.contents.append(w.buf)
		ref.Contents = Extent{int64(at), int64(len(w.buf) - at)}
		ref.Checksum = crc32.Checksum(w.buf[at:], castagnoli())
	}
	// The description holds the object's size, which depends on how long the
	// description is.
	size := len(w.buf)
	for {
		w.meta.Size = int64(size)
		n := len(w.buf) + len(w.meta.Append(nil)) + tailBytes
		if n == size {
			break
		}
		size = n
	}
	w.buf = appendTail(w.buf, w.meta.Append(nil))
}
