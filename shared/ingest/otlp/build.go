package otlp

import (
	"encoding/hex"
	"math"
	"strings"

	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// builder makes a pprof of samples of one service. It holds what the samples
// refer to and nothing else of the dictionary.
type builder struct {
	*conversion
	service string
	named   bool // whether the service is named as such
	p       *pprof.Profile
	size    int64 // about what the profile takes as a pprof, rather less than more

	// Positions in p, by what stands in p or in the dictionary.
	strings                        map[string]uint32
	functions, mappings, locations map[int32]uint32
}

func newBuilder(c *conversion, service string, named bool) *builder {
	return &builder{
		conversion: c, service: service, named: named, p: &pprof.Profile{Strings: []string{""}},
		strings:   map[string]uint32{"": 0},
		functions: make(map[int32]uint32), mappings: make(map[int32]uint32), locations: make(map[int32]uint32),
	}
}

// grow counts bytes of the profile.
func (b *builder) grow(n int) {
	b.size += int64(n)
	*b.left -= int64(n)
}

func (b *builder) check() error {
	most := b.limits.MaxBytes
	if most <= 0 || most > math.MaxInt32 { // what positions can address
		most = math.MaxInt32
	}
	if b.size > most {
		return &pprof.LimitError{Limit: "MaxBytes", What: "bytes as a pprof", Actual: b.size, Max: most}
	}
	if *b.left < 0 {
		return &pprof.LimitError{Limit: "maxOutputBytes", What: "bytes as pprofs in one request", Actual: maxOutputBytes - *b.left, Max: maxOutputBytes}
	}
	return nil
}

func (b *builder) string(s string) uint32 {
	if most := b.limits.MaxSymbolBytes; most > 0 && len(s) > most {
		s = strings.ToValidUTF8(s[len(s)-most:], "")
	}
	i, ok := b.strings[s]
	if !ok {
		i = uint32(len(b.p.Strings))
		b.p.Strings = append(b.p.Strings, s)
		b.strings[s] = i
		b.grow(len(s) + 2)
	}
	return i
}

func (b *builder) stringAt(i int32) (uint32, error) {
	s, err := b.dict.string(i)
	return b.string(s), err
}

func (b *builder) sample(s *profilespb.Sample, attributes profile.Labels, value int64) error {
	stack, err := at(b.dict.GetStackTable(), s.GetStackIndex(), "stack")
	if err != nil {
		return err
	}
	indices := stack.GetLocationIndices() // leaf first
	if most := b.limits.MaxStackDepth; most > 0 && len(indices) > most {
		indices = indices[len(indices)-most:]
	}
	out := pprof.Sample{StackStart: uint32(len(b.p.Stacks)), LabelStart: uint32(len(b.p.Labels))}
	for _, i := range indices {
		location, err := b.location(i)
		if err != nil {
			return err
		}
		b.p.Stacks = append(b.p.Stacks, location)
	}
	for _, l := range attributes {
		if l.Name != attributeService {
			b.label(l.Name, l.Value)
		}
	}
	if err := b.link(s.GetLinkIndex()); err != nil {
		return err
	}
	out.StackEnd, out.LabelEnd = uint32(len(b.p.Stacks)), uint32(len(b.p.Labels))
	b.p.Samples = append(b.p.Samples, out)
	b.p.Values = append(b.p.Values, value)
	b.grow(6 + len(indices))
	return nil
}

func (b *builder) label(name, value string) {
	b.p.Labels = append(b.p.Labels, pprof.SampleLabel{Key: b.string(name), Value: b.string(value)})
	b.grow(6)
}

// link labels a sample with its span and trace, if it has them.
func (b *builder) link(i int32) error {
	link, err := at(b.dict.GetLinkTable(), i, "link")
	if err != nil {
		return err
	}
	if id := link.GetSpanId(); len(id) == 8 && !zeros(id) {
		b.label(profile.LabelSpanID, hex.EncodeToString(id))
	}
	if id := link.GetTraceId(); len(id) == 16 && !zeros(id) {
		b.label(profile.LabelTraceID, hex.EncodeToString(id))
	}
	return nil
}

func zeros(id []byte) bool {
	for _, x := range id {
		if x != 0 {
			return false
		}
	}
	return true
}
