package limits

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// row is what there is to say of a limit.
type row struct {
	Limit   string `json:"limit"`
	Set     string `json:"set"` // "" if the default is in force
	Default string `json:"default"`
	Allowed string `json:"allowed"`
	Meaning string `json:"meaning"`
}

// setting is the value of a limit.
type setting struct {
	Limit string `json:"limit"`
	Value string `json:"value"`
}

// rows lists all limits, and those that are set and not known to this version.
func rows(env *command.Env, o limits.Overrides) []row {
	var out []row
	unknown := maps.Clone(o)
	for _, s := range limits.Settings() {
		out = append(out, row{s.Name, o[s.Name], defaultOf(env, s), s.Variable.Allowed(), s.Variable.Meaning})
		delete(unknown, s.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		out = append(out, row{Limit: name, Set: o[name], Meaning: "not known to this version"})
	}
	return out
}

// defaultOf is the default as far as it can be known here: the functions may
// have been deployed with another one.
func defaultOf(env *command.Env, s limits.Setting) string {
	if v := strings.TrimSpace(env.Get(s.Variable.Name)); v != "" {
		return v
	}
	return s.Variable.Default
}

func printRows(out io.Writer, all []row) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LIMIT\tSET\tDEFAULT\tALLOWED\tMEANING") // errors come with Flush
	for _, r := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Limit, r.Set, r.Default, r.Allowed, r.Meaning)
	}
	return table.Flush()
}

// tell prints what a tenant has now.
func (v verb) tell(ctx context.Context, admin limits.Admin, tenant profile.TenantID) error {
	o, err := admin.Get(ctx, tenant)
	if err != nil {
		return err
	}
	all := []setting{}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		all = append(all, setting{name, o[name]})
	}
	if *v.AsJSON {
		return v.Env.JSON(struct {
			Tenant profile.TenantID `json:"tenant"`
			Limits []setting        `json:"limits"`
		}{tenant, all})
	}
	fmt.Fprintf(v.Env.Stdout, "%s, within a minute:\n", tenant)
	if len(all) == 0 {
		fmt.Fprintln(v.Env.Stdout, "  no limits of its own")
	}
	for _, s := range all {
		fmt.Fprintf(v.Env.Stdout, "  %s=%s\n", s.Limit, s.Value)
	}
	return nil
}
