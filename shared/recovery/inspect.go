package recovery

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Block is what a block holds.
type Block struct {
	Tenant   profile.TenantID `json:"tenant"`
	ID       string           `json:"id"`
	Level    int              `json:"level"`
	Sources  []string         `json:"sources,omitempty"`
	From     time.Time        `json:"from"` // of its profiles
	To       time.Time        `json:"to"`
	Bytes    int64            `json:"bytes"`
	Profiles int64            `json:"profiles"`
	Samples  int64            `json:"samples"`
	Datasets []Dataset        `json:"datasets"`
}

// Dataset is what a block holds of a service.
type Dataset struct {
	Service   string    `json:"service"`
	Series    int       `json:"series"`
	Stacks    int       `json:"stacks"`
	Locations int       `json:"locations"`
	Profiles  int       `json:"profiles"`
	Samples   int       `json:"samples"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Types     []Type    `json:"types"`
}

// Type is the sum of a profile type.
type Type struct {
	Type     string `json:"type"` // as queries name it
	Profiles int    `json:"profiles"`
	Total    int64  `json:"total"` // of the values of all samples
}

// Inspect reads a block's description and totals.
func Inspect(ctx context.Context, store objstore.Reader, m *block.Meta) (Block, error) {
	out := Block{
		Tenant: m.Tenant, ID: m.ID, Level: m.Level, Sources: m.Sources, From: at(m.MinTime), To: at(m.MaxTime),
		Bytes: m.Size, Profiles: m.Profiles, Samples: m.Samples,
	}
	reader, err := block.NewReader(store)
	if err != nil {
		return out, err
	}
	byService := make(map[string]*Dataset)
	types := make(map[string]map[profile.Type]*Type)
	for _, t := range typesOf(m) {
		req := block.Request{Type: &t, From: math.MinInt64, To: math.MaxInt64, Need: block.NeedTotals}
		dec := reader.NewDecoder()
		err := reader.Read(ctx, m, req, func(d *block.Dataset) error {
			if byService[d.Service] == nil {
				byService[d.Service] = &Dataset{Service: d.Service}
				types[d.Service] = make(map[profile.Type]*Type)
			}
			return sum(d, dec, t, byService[d.Service], types[d.Service])
		})
		if err != nil {
			return out, fmt.Errorf("inspect: %w", err)
		}
	}
	if err := count(ctx, reader, m, byService); err != nil {
		return out, fmt.Errorf("inspect: %w", err)
	}
	for service, d := range byService {
		for _, t := range types[service] {
			d.Types = append(d.Types, *t)
		}
		slices.SortFunc(d.Types, func(a, b Type) int { return cmp.Compare(a.Type, b.Type) })
		out.Datasets = append(out.Datasets, *d)
	}
	slices.SortFunc(out.Datasets, func(a, b Dataset) int { return cmp.Compare(a.Service, b.Service) })
	return out, nil
}

func at(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// typesOf returns the profile types of a block, each once.
func typesOf(m *block.Meta) []profile.Type {
	var out []profile.Type
	for i := range m.Kinds {
		for v := range m.Kinds[i].Samples {
			if t := m.Kinds[i].Type(v); !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

func sum(d *block.Dataset, dec *block.Decoder, t profile.Type, out *Dataset, types map[profile.Type]*Type) error {
	if types[t] == nil {
		types[t] = &Type{Type: t.String()}
	}
	for _, p := range d.Parts {
		totals, err := p.Totals(dec)
		if err != nil {
			return err
		}
		types[t].Profiles += len(totals)
		for _, v := range totals {
			types[t].Total += v
		}
	}
	return nil
}

// count adds up what does not depend on the type.
func count(ctx context.Context, r *block.Reader, m *block.Meta, byService map[string]*Dataset) error {
	return r.Read(ctx, m, block.Request{From: math.MinInt64, To: math.MaxInt64}, func(d *block.Dataset) error {
		out := byService[d.Service]
		if out == nil {
			out = &Dataset{Service: d.Service}
			byService[d.Service] = out
		}
		out.Series += d.NumSeries()
		out.Stacks += d.NumStacks()
		out.Locations += d.NumLocations()
		for _, p := range d.Parts {
			out.Profiles += p.NumProfiles()
			out.Samples += p.NumSamples()
			if out.From.IsZero() || at(p.MinTime).Before(out.From) {
				out.From = at(p.MinTime)
			}
			if at(p.MaxTime).After(out.To) {
				out.To = at(p.MaxTime)
			}
		}
		return nil
	})
}

// Listed is a block in a list.
type Listed struct {
	ID         string    `json:"id"`
	Level      int       `json:"level"`
	From       time.Time `json:"from"` // of its profiles
	To         time.Time `json:"to"`
	Profiles   int64     `json:"profiles"`
	Bytes      int64     `json:"bytes"`
	Services   int       `json:"services"`
	ReplacedBy string    `json:"replacedBy,omitempty"` // id of the block that did
}

// List returns the blocks of a tenant that have a row, by time and id.
func List(ctx context.Context, d Deps, tenant profile.TenantID) ([]Listed, error) {
	rows, err := d.Index.All(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	by := make(map[string]string)
	for _, r := range rows {
		for _, id := range r.Sources {
			by[id] = r.ID
		}
	}
	out := make([]Listed, 0, len(rows))
	for _, r := range rows {
		m, err := block.ParseMeta(r.Detail)
		if err != nil {
			return nil, fmt.Errorf("list blocks: row %s: %w", r.ID, err)
		}
		services := make(map[string]bool)
		for i := range m.Datasets {
			services[m.Datasets[i].Service] = true
		}
		out = append(out, Listed{
			ID: r.ID, Level: r.Level, From: at(m.MinTime), To: at(m.MaxTime), Profiles: m.Profiles, Bytes: m.Size,
			Services: len(services), ReplacedBy: by[r.ID],
		})
	}
	slices.SortFunc(out, func(a, b Listed) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Describe reads the description of a block from its objects.
func Describe(ctx context.Context, store Store, tenant profile.TenantID, id string) (*block.Meta, error) {
	key := block.Key(tenant, id)
	found, err := store.List(ctx, key, "", objstore.MaxListKeys)
	if err != nil {
		return nil, fmt.Errorf("look for block %s: %w", id, err)
	}
	for _, o := range found {
		if block.IDOf(tenant, o.Key) != id {
			continue
		}
		if m, err := describe(ctx, store, o); err != nil || m.Complete {
			return m, err
		}
	}
	return nil, fmt.Errorf("tenant %s has no block %s", tenant, id)
}
