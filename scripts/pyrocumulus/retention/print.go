package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// rules are what a tenant has.
type rules struct {
	Tenant   profile.TenantID `json:"tenant"`
	KeptFor  string           `json:"keptFor"` // all services that are not listed
	Services []service        `json:"services"`
}

type service struct {
	Service       string    `json:"service"`
	KeptFor       string    `json:"keptFor"`
	DeletedBefore time.Time `json:"deletedBefore,omitzero"`
}

func told(tenant profile.TenantID, r retention.Rules) rules {
	out := rules{tenant, r.Rest.String(), []service{}}
	names := slices.AppendSeq(slices.Collect(maps.Keys(r.Keep)), maps.Keys(r.Deleted))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		keep, ok := r.Keep[name]
		if !ok {
			keep = r.Rest
		}
		out.Services = append(out.Services, service{name, keep.String(), r.Deleted[name].Before})
	}
	return out
}

// tell prints what a tenant has now.
func (v verb) tell(ctx context.Context, admin retention.Admin, tenant profile.TenantID) error {
	r, err := admin.Rules(ctx, tenant)
	if err != nil {
		return err
	}
	all := told(tenant, r)
	if *v.AsJSON {
		return v.Env.JSON(all)
	}
	table := tabwriter.NewWriter(v.Env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tKEPT FOR\tDELETED BEFORE") // errors come with Flush
	for _, s := range all.Services {
		before := ""
		if !s.DeletedBefore.IsZero() {
			before = s.DeletedBefore.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Service, span(s.KeptFor), before)
	}
	fmt.Fprintf(table, "(all others)\t%s\t\n", span(all.KeptFor))
	return table.Flush()
}

func span(d string) string {
	if d == "0s" {
		return "for ever"
	}
	return d
}
