package block

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Bound says from when on profiles of a tenant count, by service: those with an
// earlier time were deleted or have expired. Times are Unix nanoseconds; the
// zero value is that all count.
type Bound struct {
	Rest     int64            // of the services that are not named
	Services map[string]int64 // by name
}

// Bounds are those of several tenants; the profiles of a tenant that is not
// named all count.
type Bounds map[profile.TenantID]Bound

// Of returns from when on the profiles of a service count.
func (b Bound) Of(service string) int64 {
	if from, ok := b.Services[service]; ok {
		return from
	}
	return b.Rest
}

// IsZero reports whether all profiles count.
func (b Bound) IsZero() bool { return b.Rest <= 0 && len(b.Services) == 0 }

// Earliest returns from when on any profile counts.
func (b Bound) Earliest() int64 {
	from := b.Rest
	for _, at := range b.Services {
		from = min(from, at)
	}
	return from
}

// After returns the bound without what does not matter to those who ask for no
// profiles before a time.
func (b Bound) After(from int64) Bound {
	out := Bound{Rest: b.Rest}
	if b.Rest <= from {
		out.Rest = 0
	}
	for service, at := range b.Services {
		if at <= from && out.Rest == 0 {
			continue
		}
		if out.Services == nil {
			out.Services = make(map[string]int64)
		}
		out.Services[service] = at
	}
	return out
}

// After is Bound.After of each tenant; nil if nothing matters.
func (b Bounds) After(from int64) Bounds {
	var out Bounds
	for tenant, of := range b {
		if of = of.After(from); !of.IsZero() {
			if out == nil {
				out = make(Bounds)
			}
			out[tenant] = of
		}
	}
	return out
}

// Counting returns the description of a block without the datasets of which
// nothing counts, as far as the times of volumes tell; nil if none is left.
func (m *Meta) Counting(b Bound) *Meta {
	return m.filter(func(d *DatasetRef) bool { return m.Volumes[d.Volume].MaxTime >= b.Of(d.Service) })
}

// Divide returns two descriptions of a block: with the datasets of which all
// counts, and with those of which some may not; nil for none.
func (m *Meta) Divide(b Bound) (all, some *Meta) {
	whole := func(d *DatasetRef) bool { return m.Volumes[d.Volume].MinTime >= b.Of(d.Service) }
	return m.filter(whole), m.filter(func(d *DatasetRef) bool { return !whole(d) })
}

// CountsWhole reports whether all that the datasets hold counts.
func (m *Meta) CountsWhole(b Bound) bool {
	return b.IsZero() || !slices.ContainsFunc(m.Datasets, func(d DatasetRef) bool {
		return m.Volumes[d.Volume].MinTime < b.Of(d.Service)
	})
}

// filter returns the description with those datasets that are kept.
func (m *Meta) filter(keep func(*DatasetRef) bool) *Meta {
	var kept []DatasetRef
	for i := range m.Datasets {
		if keep(&m.Datasets[i]) {
			kept = append(kept, m.Datasets[i])
		}
	}
	switch len(kept) {
	case 0:
		return nil
	case len(m.Datasets):
		return m
	}
	out := *m
	out.Datasets = kept
	return &out
}
