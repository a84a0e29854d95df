package engine

import (
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// needValues is what a query of the values of profiles reads beside the labels
// of series.
func needValues(q *Query, g *Grouping) block.Need {
	need := block.NeedProfiles
	if q.Profiles != nil || g.Exemplars {
		need |= block.NeedIDs
	}
	if !q.selectsSamples() && !g.PerSpan {
		return need | block.NeedTotals
	}
	need |= block.NeedSamples | block.NeedOwners
	if q.selectsSpans() || g.PerSpan {
		need |= block.NeedSpans
	}
	if len(q.CallSite) > 0 {
		need |= block.NeedNames
	}
	return need
}

// counter reads the profiles of a dataset and the value of each, of the
// samples that a query is about. It is kept between datasets for its memory.
type counter struct {
	q      *Query
	g      *Grouping
	site   siteMatcher
	begins []bool // by node of the dataset's tree; nil if all count
	totals []int64
	spans  map[spanKey]int64
}

// counted is the profiles of a part. The slices are by profile; ids are there
// if they are asked for.
type counted struct {
	part          *block.Part
	series        []int32
	times, values []int64
	ids           []profile.ID
	counts        []int64 // how many were pushed; nil if each is one
}

// count is how many pushed profiles a profile of the part stands for.
func (p *counted) count(i int) int64 {
	if p.counts == nil {
		return 1
	}
	return p.counts[i]
}

// spanKey is a span as it appears in a profile of a part.
type spanKey struct {
	profile int32
	span    uint64
	trace   TraceID
}

// begin prepares for the parts of a dataset.
func (c *counter) begin(dec *block.Decoder, d *block.Dataset) (err error) {
	if len(c.q.CallSite) > 0 {
		c.begins, err = c.site.match(c.q.CallSite, dec, d)
	}
	return err
}

// wants reports whether the query is about a profile, whose series it is about.
func (c *counter) wants(p *counted, i int) bool {
	return p.part.Selects(p.times[i]) && (c.q.Profiles == nil || c.q.Profiles[p.ids[i]])
}

// profiles reads a part, without values.
func (c *counter) profiles(dec *block.Decoder, p *block.Part) (out counted, err error) {
	out.part = p
	if out.series, out.times, err = p.Profiles(dec); err != nil {
		return out, err
	}
	if out.counts, err = p.Counts(dec); err != nil {
		return out, err
	}
	out.ids, err = profileIDs(c.q.Profiles != nil || c.g.Exemplars, dec, p)
	return out, err
}

// values reads a part with the value of each profile.
func (c *counter) values(dec *block.Decoder, p *block.Part) (counted, error) {
	out, err := c.profiles(dec, p)
	if err != nil {
		return out, err
	}
	if !c.q.selectsSamples() {
		out.values, err = p.Totals(dec)
		return out, err
	}
	c.totals = zeros(c.totals, p.NumProfiles())
	out.values = c.totals
	return out, c.samples(dec, p, func(i int, owner int32, v int64) { c.totals[owner] += v })
}

// samples calls add for every sample of a part that the query is about: with
// its position, its profile and its value.
func (c *counter) samples(dec *block.Decoder, p *block.Part, add func(i int, owner int32, v int64)) error {
	stacks, values, err := p.Samples(dec)
	if err != nil {
		return err
	}
	if c.q.selectsSpans() {
		if err := keepSpans(c.q, dec, p, values); err != nil {
			return err
		}
	}
	owners, err := p.Owners(dec)
	if err != nil {
		return err
	}
	for i, v := range values {
		if v != 0 && (c.begins == nil || c.begins[stacks[i]]) {
			add(i, owners[i], v)
		}
	}
	return nil
}

// spanValues reads a part with the value of each span in each profile. Samples
// outside of spans do not count.
func (c *counter) spanValues(dec *block.Decoder, p *block.Part) (counted, map[spanKey]int64, error) {
	out, err := c.profiles(dec, p)
	if err != nil {
		return out, nil, err
	}
	spans, hi, lo, err := p.Spans(dec)
	if err != nil {
		return out, nil, err
	}
	if c.spans == nil {
		c.spans = make(map[spanKey]int64)
	}
	clear(c.spans)
	return out, c.spans, c.samples(dec, p, func(i int, owner int32, v int64) {
		if spans[i] != 0 {
			c.spans[spanKey{owner, uint64(spans[i]), TraceID{uint64(hi[i]), uint64(lo[i])}}] += v
		}
	})
}
