// Package otlp turns the profiles of OpenTelemetry's protocol, version
// v1development, into pprofs with labels.
//
// All profiles of a request share one dictionary. What is read of it by one
// profile may be large, though the profile is a few bytes, so that what comes
// out of a request is limited as a whole, too.
package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Errors of this package. A profile that is too large has an error that wraps
// pprof.ErrTooLarge.
var (
	// ErrMalformed is a body that is no OTLP request.
	ErrMalformed = errors.New("malformed OTLP request")
	// ErrInvalid is a profile whose parts contradict each other.
	ErrInvalid = errors.New("invalid profile")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}

// maxOutputBytes is about how many bytes the profiles of a request may take as
// pprofs, all together.
const maxOutputBytes = 64 << 20

// Each calls take for every profile of a request, one at a time: with the labels
// of its series, unsorted, each name once; and with the profile, or with what is
// wrong with it. A profile whose samples are of several services becomes one for
// each of them.
func Each(data *profilespb.ProfilesData, limits pprof.Limits, take func(profile.Labels, *pprof.Profile, error)) {
	d := &dictionary{data.GetDictionary()}
	left := int64(maxOutputBytes)
	var missing error
	if data.GetDictionary() == nil {
		missing = invalid("the request has no dictionary")
	}
	for _, r := range data.GetResourceProfiles() {
		resource, resourceErr := d.labels(nil, r.GetResource().GetAttributes())
		for _, s := range r.GetScopeProfiles() {
			scoped, scopeErr := d.labels(resource, s.GetScope().GetAttributes())
			for _, p := range s.GetProfiles() {
				c := conversion{dict: d, limits: limits, left: &left, scoped: scoped}
				c.each(p, cmp.Or(missing, resourceErr, scopeErr), take)
			}
		}
	}
}

// conversion is one profile on its way.
type conversion struct {
	dict   *dictionary
	limits pprof.Limits
	left   *int64 // of maxOutputBytes
	scoped profile.Labels
	name   string // __name__
	parts  []*builder
}

// each calls take for what becomes of the profile, given what is wrong with it
// anyway.
func (c *conversion) each(p *profilespb.Profile, err error, take func(profile.Labels, *pprof.Profile, error)) {
	if err == nil {
		err = c.convert(p)
	}
	if err != nil {
		service, named := serviceOf(c.scoped, nil)
		take(seriesLabels(c.name, service, named, c.scoped), nil, err)
		return
	}
	for _, part := range c.parts {
		take(seriesLabels(c.name, part.service, part.named, c.scoped), part.p, nil)
	}
}

func (c *conversion) convert(p *profilespb.Profile) error {
	sample, err := c.dict.valueType(p.GetSampleType())
	if err != nil {
		return err
	}
	period, err := c.dict.valueType(p.GetPeriodType())
	if err != nil {
		return err
	}
	switch {
	case sample.Type == "":
		return invalid("it has no sample type")
	case strings.Contains(sample.Type, "-"): // as in a pprof
		return invalid(`sample type %q contains "-"`, sample.Type)
	}
	k := kindOf(sample, period, p.GetPeriod())
	c.name = k.name
	if c.limits.MaxSamples > 0 && len(p.GetSamples()) > c.limits.MaxSamples {
		return &pprof.LimitError{Limit: "MaxSamples", What: "samples", Actual: int64(len(p.GetSamples())), Max: int64(c.limits.MaxSamples)}
	}
	for i, s := range p.GetSamples() {
		if err := c.sample(p, s, k, period); err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
	}
	for _, b := range c.parts {
		b.finish()
	}
	return nil
}

// sample adds a sample to the profile of its service.
func (c *conversion) sample(p *profilespb.Profile, s *profilespb.Sample, k kind, period profile.ValueType) error {
	attributes, err := c.dict.attributes(s.GetAttributeIndices(), c.limits)
	if err != nil {
		return err
	}
	service, named := serviceOf(c.scoped, attributes)
	var b *builder
	for _, part := range c.parts {
		if part.service == service {
			b = part
		}
	}
	if b == nil {
		if b, err = c.begin(service, named); err != nil {
			return err
		}
		b.p.SampleTypes, b.p.PeriodType, b.p.Period = []profile.ValueType{k.sample}, period, p.GetPeriod()
		b.p.TimeNanos, b.p.DurationNanos = int64(p.GetTimeUnixNano()), int64(p.GetDurationNano())
	}
	if err := b.sample(s, attributes, k.value(s)); err != nil {
		return err
	}
	return b.check()
}

// maxServices is how many services the samples of one profile may be of.
const maxServices = 1000

// minProfileBytes is about what a profile takes beside what is in it.
const minProfileBytes = 1 << 10

func (c *conversion) begin(service string, named bool) (*builder, error) {
	if len(c.parts) == maxServices {
		return nil, &pprof.LimitError{Limit: "maxServices", What: "services", Actual: maxServices + 1, Max: maxServices}
	}
	b := newBuilder(c, service, named)
	for _, l := range c.scoped {
		*c.left -= int64(len(l.Name) + len(l.Value))
	}
	*c.left -= minProfileBytes
	c.parts = append(c.parts, b)
	return b, nil
}
