package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// call is what the arguments ask for.
type call struct {
	verb    string
	tenant  profile.TenantID
	service string        // "" for all
	keep    time.Duration // of keep
}

// parse reads the arguments after the flags, and finds what is wrong with them
// before anything is opened.
func parse(args []string) (call, error) {
	if len(args) == 0 || !slices.Contains([]string{"list", "delete", "keep", "unkeep"}, args[0]) {
		return call{}, errors.New("say list, delete, keep or unkeep; -h tells more")
	}
	c := call{verb: args[0]}
	if len(args) < 2 {
		return call{}, fmt.Errorf("%s of whom? name the tenant (%q without multitenancy)", c.verb, profile.AnonymousTenant)
	}
	c.tenant = profile.TenantID(args[1])
	if err := c.tenant.Validate(); err != nil {
		return call{}, err
	}
	rest := args[2:]
	if c.verb == "keep" {
		if len(rest) == 0 {
			return call{}, errors.New("keep for how long? add a duration such as 720h, or 0 for ever")
		}
		var err error
		if c.keep, err = time.ParseDuration(rest[len(rest)-1]); err != nil {
			return call{}, fmt.Errorf("%w; write 720h for 30 days", err)
		}
		rest = rest[:len(rest)-1]
	}
	most := map[string]int{"delete": 1, "keep": 1, "unkeep": 1}[c.verb]
	if len(rest) > most || c.verb == "delete" && len(rest) != 1 {
		return call{}, fmt.Errorf("%s takes a tenant and %d service, not %q", c.verb, most, rest)
	}
	if len(rest) == 1 {
		if c.service = rest[0]; c.service == "" {
			return call{}, errors.New("the name of the service is empty")
		}
	}
	return c, nil
}

func (c call) run(ctx context.Context, admin retention.Admin, out io.Writer) error {
	switch c.verb {
	case "delete":
		d, err := admin.Delete(ctx, c.tenant, c.service)
		if err == nil {
			_, err = fmt.Fprintf(out, "%s: profiles before %s are deleted\n", d.Service, d.Before.Format(time.RFC3339Nano))
		}
		return err
	case "keep":
		return admin.Keep(ctx, c.tenant, c.service, c.keep)
	case "unkeep":
		return admin.Unkeep(ctx, c.tenant, c.service)
	}
	rules, err := admin.Rules(ctx, c.tenant)
	if err != nil {
		return err
	}
	return list(out, rules)
}

func list(out io.Writer, r retention.Rules) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tKEPT FOR\tDELETED BEFORE") // errors come with Flush
	services := slices.AppendSeq(slices.Collect(maps.Keys(r.Keep)), maps.Keys(r.Deleted))
	slices.Sort(services)
	for _, s := range slices.Compact(services) {
		keep, ok := r.Keep[s]
		if !ok {
			keep = r.Rest
		}
		before := ""
		if d, ok := r.Deleted[s]; ok {
			before = d.Before.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", s, span(keep), before)
	}
	fmt.Fprintf(table, "(all others)\t%s\t\n", span(r.Rest))
	return table.Flush()
}

func span(d time.Duration) string {
	if d == 0 {
		return "for ever"
	}
	return d.String()
}
