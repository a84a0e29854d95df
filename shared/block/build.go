package block

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Build writes the block as one object and leaves the builder unusable. The
// result is the object and its description. A block without profiles is an
// error.
func (b *Builder) Build(tenant profile.TenantID, id string, level int, sources []string) ([]byte, *Meta, error) {
	var object []byte
	meta, err := b.build(Meta{Tenant: tenant, ID: id, Level: level, Sources: sources}, func(_ context.Context, _ string, body []byte) error {
		object = body
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("build block %s: %w", id, err)
	}
	return object, meta, nil
}

func (b *Builder) build(meta Meta, put Put) (*Meta, error) {
	if b.profiles == 0 {
		return nil, fmt.Errorf("it has no profiles")
	}
	kinds, rank := sortKinds(b.kinds)
	meta.Kinds = kinds
	out, err := newOutput(meta, b.opts.Small, put)
	if err != nil {
		return nil, err
	}
	for _, d := range b.sortedDatasets() {
		if err := d.write(out.volume, rank); err != nil {
			return nil, err
		}
	}
	if err := out.finish(context.Background(), true); err != nil {
		return nil, err
	}
	return &out.meta, nil
}

// sortKinds returns the kinds in their order, and the place of each in it.
func sortKinds(kinds []Kind) (sorted []Kind, rank []int) {
	order := make([]int, len(kinds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return kinds[x].compare(&kinds[y]) })
	rank = make([]int, len(order))
	for r, i := range order {
		rank[i] = r
		sorted = append(sorted, kinds[i])
	}
	return sorted, rank
}

func (b *Builder) sortedDatasets() []*dataset {
	out := make([]*dataset, 0, len(b.datasets))
	for _, d := range b.datasets {
		out = append(out, d)
	}
	slices.SortFunc(out, func(x, y *dataset) int { return strings.Compare(x.service, y.service) })
	return out
}

// write writes the dataset to a volume; rank is the place of each kind.
func (d *dataset) write(v *volume, rank []int) error {
	d.sortSeries(rank)
	e, err := v.begin(d.service, 0, 1, d.series)
	if err != nil {
		return err
	}
	for _, p := range d.sortedParts(rank) {
		p.sort(len(d.series), len(d.symbols.Stacks.Parents))
		if err := e.part(p.kind, p.profiles, &p.samples); err != nil {
			return err
		}
	}
	locations := make([]uint32, len(d.symbols.Locations))
	for i := range locations {
		locations[i] = uint32(i)
	}
	return e.end(d.symbols, locations, Stacks{d.symbols.Stacks.Parents, d.symbols.Stacks.Locations})
}

// sortedParts returns the parts by kind and time.
func (d *dataset) sortedParts(rank []int) []*part {
	var parts []*part
	for _, p := range d.parts {
		p.kind = rank[p.kind]
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
	return parts
}
