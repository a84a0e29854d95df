package block

import (
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// Builder puts a block of one tenant together in memory. It is not safe for
// concurrent use.
type Builder struct {
	opts     Options
	datasets map[string]*dataset
	kinds    []Kind
	kindIDs  map[string]int
	profiles int64
	samples  int64
	scratch  symtab.Importer
	min, max int64
}

// Options are the choices in writing a block.
type Options struct {
	// Slice cuts the profiles of a kind into row groups by time, so that a
	// query of a part of the block's time need not read the rest. 0 does not
	// cut: right for segments, which hold seconds.
	Slice time.Duration
	// Small spends more time to make the block smaller, for blocks that are
	// kept.
	Small bool
}

// NewBuilder returns a builder of an empty block.
func NewBuilder(opts Options) *Builder {
	return &Builder{opts: opts, datasets: make(map[string]*dataset), kindIDs: make(map[string]int)}
}

// Profiles is the number of rows so far: a profile counts once for each of its
// series.
func (b *Builder) Profiles() int64 { return b.profiles }

// Samples is the number of samples so far.
func (b *Builder) Samples() int64 { return b.samples }

// Add adds a pushed profile, which it splits into series by the labels of its
// samples. The labels need service_name and __name__; the profile must be
// normalised and have a time. It does not keep p.
func (b *Builder) Add(labels profile.Labels, id profile.ID, p *pprof.Profile) error {
	if err := Accepts(labels, p); err != nil {
		return fmt.Errorf("add profile %v: %w", id, err)
	}
	d := b.dataset(labels.Get(profile.LabelServiceName))
	b.scratch.Import(d.symbols, p)
	for _, s := range p.SplitByLabels() {
		ls := seriesLabels(labels, s.Labels)
		b.addSeries(d, ls, id.ForSeries(labels, ls), p, s.Samples)
	}
	return nil
}

// addSeries adds the samples of one series, as many kinds as it takes to hold
// all sample types.
func (b *Builder) addSeries(d *dataset, ls profile.Labels, id profile.ID, p *pprof.Profile, positions []uint32) {
	name := ls.Get(profile.LabelName)
	for first := 0; first < len(p.SampleTypes); first += MaxValues {
		types := p.SampleTypes[first:min(first+MaxValues, len(p.SampleTypes))]
		kind := b.kind(Kind{Name: name, Period: p.PeriodType, Samples: types})
		r := row{series: d.seriesID(kind, ls), time: p.TimeNanos, duration: p.DurationNanos, period: p.Period, id: id}
		pt := d.part(kind, b.sliceOf(r.time))
		at := int32(len(pt.profiles))
		for _, i := range positions {
			values := p.SampleValues(int(i))[first : first+len(types)]
			hi, lo := p.TraceID(int(i))
			ids := sampleIDs{span: int64(p.SpanID(int(i))), hi: int64(hi), lo: int64(lo)}
			pt.samples.add(at, b.scratch.Stack(d.symbols, p.Stack(int(i))), values, ids)
			for v, x := range values {
				r.totals[v] += x
			}
		}
		b.addRow(pt, r, len(positions))
	}
}

func (b *Builder) addRow(pt *part, r row, samples int) {
	pt.profiles = append(pt.profiles, r)
	if b.profiles == 0 || r.time < b.min {
		b.min = r.time
	}
	if b.profiles == 0 || r.time > b.max {
		b.max = r.time
	}
	b.profiles++
	b.samples += int64(samples)
}

func (b *Builder) sliceOf(t int64) int64 {
	if b.opts.Slice <= 0 {
		return 0
	}
	return t - t%int64(b.opts.Slice)
}

func (b *Builder) dataset(service string) *dataset {
	d := b.datasets[service]
	if d == nil {
		d = &dataset{
			service: string([]byte(service)), symbols: symtab.New(),
			seriesIDs: make(map[string]int32), parts: make(map[partKey]*part),
		}
		b.datasets[d.service] = d
	}
	return d
}

func (b *Builder) kind(k Kind) int {
	key := k.key()
	i, ok := b.kindIDs[key]
	if !ok {
		i = len(b.kinds)
		k.Samples = append([]profile.ValueType(nil), k.Samples...)
		b.kinds = append(b.kinds, k)
		b.kindIDs[key] = i
	}
	return i
}
