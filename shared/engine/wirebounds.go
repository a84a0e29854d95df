package engine

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// appendBounds appends bounds: the number of tenants; of each its name, the
// bound of the rest, and the services with theirs.
func appendBounds(b []byte, bounds block.Bounds) []byte {
	b = binary.AppendUvarint(b, uint64(len(bounds)))
	for _, tenant := range slices.Sorted(maps.Keys(bounds)) {
		of := bounds[tenant]
		b = binary.AppendVarint(appendBytes(b, []byte(tenant)), of.Rest)
		b = binary.AppendUvarint(b, uint64(len(of.Services)))
		for _, service := range slices.Sorted(maps.Keys(of.Services)) {
			b = binary.AppendVarint(appendBytes(b, []byte(service)), of.Services[service])
		}
	}
	return b
}

func (p *wireReader) bounds() block.Bounds {
	n := p.uvarint()
	if n == 0 {
		return nil
	}
	out := make(block.Bounds)
	for ; n > 0 && p.err == nil; n-- {
		tenant := profile.TenantID(p.bytes())
		b := block.Bound{Rest: p.varint()}
		for k := p.uvarint(); k > 0 && p.err == nil; k-- {
			if b.Services == nil {
				b.Services = make(map[string]int64)
			}
			service := string(p.bytes())
			b.Services[service] = p.varint()
		}
		out[tenant] = b
	}
	return out
}
